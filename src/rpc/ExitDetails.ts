/** The truth about how a command or a process ended, for clients that ask for it in `initialize`. */
import * as Schema from "effect/Schema"
import { UInt, optional } from "./Primitives.ts"

/** The extension with which `command/exec` is answered, and `process/exited` told, in full. */
export const EXEC_EXTENSION = "effect-app-server/exec"

/** What it adds to both. */
export const exitDetails = {
  signal: Schema.NullOr(Schema.String).annotateKey({
    description: "Name of the signal that killed it, such as `SIGKILL`; null if none did."
  }),
  timedOut: Schema.Boolean.annotateKey({ description: "It was killed because its time was over." }),
  stdoutTruncatedBytes: UInt.annotateKey({ description: "Bytes thrown away behind a full cap." }),
  stderrTruncatedBytes: UInt.annotateKey({ description: "Bytes thrown away behind a full cap." }),
  durationMs: UInt.annotateKey({ description: "From start to end in milliseconds, drain included." }),
  killedProcesses: optional(UInt).annotateKey({
    description:
      "After a timeout, `command/exec/terminate` or `process/kill`: how many processes it consisted of. All are gone."
  })
}
