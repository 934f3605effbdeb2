/** Where the output of a command goes: to the client as it comes, or into the message that tells its end. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { CommandExecOutputStream } from "../rpc/CommandExec.ts"
import type { RunningCommand } from "./CommandExec.ts"
import { OutputTooLarge } from "./CommandExecError.ts"
import type { Connection } from "./Connection.ts"
import type { OutputChunk } from "./OutputBuffer.ts"
import * as OutputFrames from "./OutputFrames.ts"
import * as OutputText from "./OutputText.ts"

/** What the message that tells the end says of the output. */
export interface OutputSummary {
  /** Empty when it was streamed. */
  readonly text: Readonly<Record<CommandExecOutputStream, string>>
  /** Whether the cap of a stream is full. */
  readonly capReached: Readonly<Record<CommandExecOutputStream, boolean>>
}

const NO_TEXT = { stdout: "", stderr: "" }

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

/** Keeps the output as text; fails as soon as a stream has brought more than `max` bytes. */
export const collect = (running: RunningCommand, max: number): Effect.Effect<OutputSummary, OutputTooLarge> =>
  Effect.suspend(() => {
    const kept: Record<CommandExecOutputStream, Array<Uint8Array>> = { stdout: [], stderr: [] }
    const size = { stdout: 0, stderr: 0 }
    return consume(running, (chunks) =>
      Effect.suspend(() => {
        for (const { bytes, stream } of chunks) {
          size[stream] += bytes.length
          if (size[stream] > max) return Effect.fail(new OutputTooLarge({ stream, max }))
          kept[stream].push(bytes)
        }
        return Effect.void
      })
    ).pipe(
      Effect.map((capReached) => ({
        text: { stdout: OutputText.decode(kept.stdout), stderr: OutputText.decode(kept.stderr) },
        capReached
      }))
    )
  })
