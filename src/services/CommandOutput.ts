/** Where the output of a command goes: to the client as it comes, or into the message that tells its end. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { CommandExecOutputStream } from "../rpc/CommandExec.ts"
import type { RunningCommand } from "./CommandExec.ts"
import { OutputTooLarge } from "./CommandExecError.ts"
import type { Connection } from "./Connection.ts"
import { LongText } from "./LongText.ts"
import type { OutputChunk } from "./OutputBuffer.ts"
import * as OutputFrames from "./OutputFrames.ts"
import * as OutputText from "./OutputText.ts"

/** What the message that tells the end says of the output. */
export interface OutputSummary {
  /** Empty when it was streamed. */
  readonly text: Readonly<Record<CommandExecOutputStream, string | LongText>>
  /** Whether the cap of a stream is full. */
  readonly capReached: Readonly<Record<CommandExecOutputStream, boolean>>
}

const NO_TEXT = { stdout: "", stderr: "" }

/** Bytes above which a text is printed while it comes: two reads, for one is printed as quickly at the end. */
const MAX_SHORT_BYTES = 64 * 1024

/** Hands all output to `take`, and gives which caps it reached. */
const consume = <E>(
  running: RunningCommand,
  take: (chunks: ReadonlyArray<OutputChunk>) => Effect.Effect<void, E>
) =>
  Effect.suspend(() => {
    const capReached = { stdout: false, stderr: false }
    return running.output.pipe(
      Stream.runForEachArray((chunks) => {
        for (const chunk of chunks) if (chunk.capReached) capReached[chunk.stream] = true
        return take(chunks)
      }),
      Effect.as(capReached)
    )
  })

/** Sends the output as it comes, at the client's pace: nothing is sent while much is unsent, whoever queued it. */
export const stream = (
  connection: Connection["Service"],
  method: OutputFrames.OutputNotification,
  name: string,
  running: RunningCommand
): Effect.Effect<OutputSummary> => {
  const frame = OutputFrames.make(method, name)
  return consume(running, (chunks) => {
    if (!connection.wants(method)) return Effect.void
    return Effect.map(connection.outbox.drained, () => {
      const now = Date.now()
      for (const chunk of chunks) connection.outbox.send(frame(chunk, now))
    })
  }).pipe(Effect.map((capReached) => ({ text: NO_TEXT, capReached })))
}

/** What is kept of a stream. */
class Kept {
  #chunks: Array<Uint8Array> = []
  #long: LongText | undefined
  size = 0

  add(bytes: Uint8Array): void {
    this.size += bytes.length
    if (this.#long === undefined) {
      this.#chunks.push(bytes)
      if (this.size <= MAX_SHORT_BYTES) return
      this.#long = new LongText()
      for (const chunk of this.#chunks) this.#long.push(chunk)
      this.#chunks = []
    } else {
      this.#long.push(bytes)
    }
  }

  text(): string | LongText {
    if (this.#long === undefined) return OutputText.decode(this.#chunks)
    this.#long.end()
    return this.#long
  }
}

/** Keeps the output as text; fails as soon as a stream has brought more than `max` bytes. */
export const collect = (running: RunningCommand, max: number): Effect.Effect<OutputSummary, OutputTooLarge> =>
  Effect.suspend(() => {
    const kept = { stdout: new Kept(), stderr: new Kept() }
    return consume(running, (chunks) =>
      Effect.suspend(() => {
        for (const { bytes, stream } of chunks) {
          if (kept[stream].size + bytes.length > max) return Effect.fail(new OutputTooLarge({ stream, max }))
          kept[stream].add(bytes)
        }
        return Effect.void
      })
    ).pipe(
      Effect.map((capReached) => ({
        text: { stdout: kept.stdout.text(), stderr: kept.stderr.text() },
        capReached
      }))
    )
  })
