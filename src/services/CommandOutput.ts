/** Where the output of a command goes: to the client as it comes, or into the answer. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { CommandExecOutputStream } from "../rpc/CommandExec.ts"
import type { RunningCommand } from "./CommandExec.ts"
import { OutputTooLarge } from "./CommandExecError.ts"
import type { Connection } from "./Connection.ts"
import * as OutputFrames from "./OutputFrames.ts"
import * as OutputText from "./OutputText.ts"

const NO_TEXT = { stdout: "", stderr: "" }

/** Sends the output as it comes, at the client's pace: nothing is sent while much is unsent, whoever queued it. */
export const stream = (connection: Connection["Service"], processId: string, running: RunningCommand) => {
  const frame = OutputFrames.make(processId)
  return running.output.pipe(
    Stream.runForEachArray((chunks) => {
      if (!connection.wants("command/exec/outputDelta")) return Effect.void
      return Effect.map(connection.outbox.drained, () => {
        const now = Date.now()
        for (const chunk of chunks) connection.outbox.send(frame(chunk, now))
      })
    }),
    Effect.as(NO_TEXT)
  )
}

/** Keeps the output for the answer; fails as soon as a stream has brought more than `max` bytes. */
export const collect = (running: RunningCommand, max: number) =>
  Effect.suspend(() => {
    const kept: Record<CommandExecOutputStream, Array<Uint8Array>> = { stdout: [], stderr: [] }
    const size = { stdout: 0, stderr: 0 }
    return running.output.pipe(
      Stream.runForEachArray((chunks) =>
        Effect.suspend(() => {
          for (const { bytes, stream } of chunks) {
            size[stream] += bytes.length
            if (size[stream] > max) return Effect.fail(new OutputTooLarge({ stream, max }))
            kept[stream].push(bytes)
          }
          return Effect.void
        })
      ),
      Effect.map(() => ({ stdout: OutputText.decode(kept.stdout), stderr: OutputText.decode(kept.stderr) }))
    )
  })
