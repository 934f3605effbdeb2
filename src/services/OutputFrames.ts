/**
 * Notifications of output as bytes. This is where all streamed output passes, so a frame is one allocation and one
 * pass of base64, with no schema and no `JSON.stringify` in between.
 */
import type { CommandExecOutputStream } from "../rpc/CommandExec.ts"
import * as Base64 from "./Base64.ts"
import type { OutputChunk } from "./OutputBuffer.ts"

/** The notifications of output, each with what it calls the name of its command. */
const NAME_MEMBERS = {
  "command/exec/outputDelta": "processId",
  "process/outputDelta": "processHandle"
} as const
export type OutputNotification = keyof typeof NAME_MEMBERS

const base64Length = (bytes: number) => Math.ceil(bytes / 3) * 4

/** Builds the frames of one command; what does not change between them is computed once. */
export const make = (
  method: OutputNotification,
  name: string
): ((chunk: OutputChunk, emittedAtMs: number) => Uint8Array) => {
  const prefix = (stream: CommandExecOutputStream) =>
    Buffer.from(
      `{"method":"${method}","params":{"${NAME_MEMBERS[method]}":${JSON.stringify(name)},"stream":"${stream}","deltaBase64":"`
    )
  const prefixes = { stdout: prefix("stdout"), stderr: prefix("stderr") }
  return ({ bytes, capReached, stream }, emittedAtMs) => {
    const start = prefixes[stream]
    const suffix = `","capReached":${capReached}},"emittedAtMs":${emittedAtMs}}`
    const length = base64Length(bytes.length)
    const frame = Buffer.allocUnsafe(start.length + length + suffix.length)
    frame.set(start)
    frame.write(Base64.encode(bytes), start.length, "latin1")
    frame.write(suffix, start.length + length, "latin1")
    return frame
  }
}
