/** The sending side of a WebSocket, with an eye on how much the client has not taken. */
import type { Socket } from "node:net"
import * as Effect from "effect/Effect"
import type { WebSocket } from "ws"
import type { Outbox } from "../services/Connection.ts"

/**
 * Unsent bytes above which streams wait: enough to keep a fast client busy between two turns of the event loop,
 * and all that an answer has to wait behind.
 */
export const HIGH_WATER_BYTES = 1024 * 1024

export interface OutboxOptions {
  /** Unsent bytes above which it is full, whatever they are. */
  readonly maxUnsentBytes: number
  /** It has become full. */
  readonly onFull: () => void
  /** It was full, and has drained below half. */
  readonly onRoom: () => void
}

const TEXT = { binary: false }

export const make = (
  webSocket: WebSocket,
  socket: Socket,
  { maxUnsentBytes, onFull, onRoom }: OutboxOptions
): Outbox => {
  /** Streams, the one that waits longest first. */
  const waiting = new Set<() => void>()
  let full = false

  const mayStream = () => socket.destroyed || socket.writableLength < HIGH_WATER_BYTES

  const written = () => {
    if (full && socket.writableLength < maxUnsentBytes / 2) {
      full = false
      onRoom() // answers before streams
    }
    // each sends before the next is asked, so that many streams queue no more than one
    for (const resume of waiting) {
      if (!mayStream()) return
      waiting.delete(resume)
      resume()
    }
  }

  const measure = () => {
    if (full || socket.writableLength <= maxUnsentBytes) return
    full = true
    onFull()
  }

  webSocket.on("ping", measure) // the pong is sent without us
  socket.on("drain", written)
  socket.on("close", written)
  return {
    send: (frame) => {
      if (webSocket.readyState !== webSocket.OPEN) return
      webSocket.send(frame, TEXT, written)
      measure()
    },
    drained: Effect.suspend(() =>
      mayStream()
        ? Effect.void
        : Effect.callback((resume) => {
            const proceed = () => resume(Effect.void)
            waiting.add(proceed)
            return Effect.sync(() => void waiting.delete(proceed))
          })
    )
  }
}
