/** The sending side of a stream of lines, with an eye on how much the client has not taken. */
import type { Writable } from "node:stream"
import * as Effect from "effect/Effect"
import type { Outbox } from "../services/Connection.ts"
import * as Backlog from "./Backlog.ts"

const NEWLINE = Buffer.from("\n")
const NOTHING = Buffer.alloc(0)

export interface StdioOutbox extends Outbox {
  /** Done when all that was sent is taken, or nobody takes it. */
  readonly flushed: Effect.Effect<void>
  /** Bytes that nobody has taken. */
  readonly unsent: () => number
}

/** `onGone` is told, once, why nothing can be sent any more. */
export const make = (
  stream: Writable,
  { onGone, ...options }: Backlog.BacklogOptions & { readonly onGone: (error: Error) => void }
): StdioOutbox => {
  // the process's own streams are never destroyed
  let gone = false
  const sink: Backlog.Sink = {
    get writableLength() {
      return stream.writableLength
    },
    get destroyed() {
      return gone
    }
  }
  const backlog = Backlog.make(sink, options)
  stream.on("error", (error) => {
    if (gone) return
    gone = true
    backlog.written()
    onGone(error)
  })
  return {
    send: (frame) => {
      if (gone) return
      if (typeof frame === "string") {
        stream.write(Buffer.from(`${frame}\n`), backlog.written)
      } else {
        stream.cork() // one write for all
        if (frame instanceof Uint8Array) stream.write(frame)
        else for (const piece of frame) stream.write(piece)
        stream.write(NEWLINE, backlog.written)
        stream.uncork()
      }
      backlog.measure()
    },
    isDrained: backlog.isDrained,
    drained: backlog.drained,
    flushed: Effect.callback((resume) => {
      // its turn comes behind everything else
      if (gone || stream.writableLength === 0) resume(Effect.void)
      else stream.write(NOTHING, () => resume(Effect.void))
    }),
    unsent: () => (gone ? 0 : stream.writableLength)
  }
}
