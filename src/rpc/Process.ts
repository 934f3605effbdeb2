/**
 * The experimental `process/*` family: start a process, talk to it, end it. Unlike `command/exec` it answers at the
 * start, tells the end as a notification, and has no sandbox.
 */
import * as Schema from "effect/Schema"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import { exitDetails } from "./ExitDetails.ts"
import { Experimental } from "./Experimental.ts"
import { AbsolutePathBuf, Int32, Int64, UInt, UInt16, optional, optionalNullable } from "./Primitives.ts"
import { WireError } from "./WireError.ts"

export const ProcessTerminalSize = Schema.Struct({
  rows: UInt16.annotateKey({ description: "Height in character cells, 1 to 65535." }),
  cols: UInt16.annotateKey({ description: "Width in character cells, 1 to 65535." })
}).annotate({ identifier: "ProcessTerminalSize", description: "The size of a terminal." })

const handle = Schema.String.annotateKey({
  description:
    "The client's name for the process, unique among the running ones of its connection; not empty."
})

export const ProcessSpawnParams = Schema.Struct({
  command: Schema.Array(Schema.String).annotateKey({
    description:
      "Program and arguments; no shell in between. The program is looked up in the process' own PATH."
  }),
  processHandle: handle,
  cwd: AbsolutePathBuf.annotateKey({ description: "Working directory." }),
  tty: optional(Schema.Boolean).annotateKey({
    description:
      "Run on a terminal. Implies `streamStdin` and `streamStdoutStderr`; all output is on `stdout`."
  }),
  streamStdin: optional(Schema.Boolean).annotateKey({
    description: "Accept `process/writeStdin`. Without it stdin is `/dev/null`."
  }),
  streamStdoutStderr: optional(Schema.Boolean).annotateKey({
    description:
      "Send output as `process/outputDelta` while it comes; the strings of `process/exited` are empty then."
  }),
  outputBytesCap: optionalNullable(UInt).annotateKey({
    description:
      "Bytes kept of each of stdout and stderr, 1048576 by default; what comes after is read and thrown away. Null keeps all, or without streaming as much as a notification may hold, 134217728."
  }),
  timeoutMs: optionalNullable(Int64).annotateKey({
    description:
      "Milliseconds after which the process is killed and ends with exit code 124; 10000 by default, 0 is at once, null is never."
  }),
  env: optionalNullable(Schema.Record(Schema.String, Schema.NullOr(Schema.String))).annotateKey({
    description: "Variables to set, or with null to remove, over the server's environment."
  }),
  size: optionalNullable(ProcessTerminalSize).annotateKey({
    description: "First size of the terminal, 24 rows of 80 columns by default. Only with `tty`."
  })
}).annotate({
  identifier: "ProcessSpawnParams",
  description:
    "Starts a process and answers as soon as it runs. Every `process/outputDelta` and then one `process/exited` follow. Never sandboxed. Its processes end with it, and with the connection."
})
export type ProcessSpawnParams = typeof ProcessSpawnParams.Type

export const ProcessWriteStdinParams = Schema.Struct({
  processHandle: handle,
  deltaBase64: optionalNullable(Schema.String).annotateKey({
    description: "Bytes for stdin: standard alphabet, padded, nothing else in between."
  }),
  closeStdin: optional(Schema.Boolean).annotateKey({
    description:
      "End stdin, after the bytes if there are any. On a terminal: a newline and the EOF character."
  })
}).annotate({ identifier: "ProcessWriteStdinParams", description: "Writes to stdin, ends it, or both." })

export const ProcessResizePtyParams = Schema.Struct({
  processHandle: handle,
  size: ProcessTerminalSize.annotateKey({ description: "The new size." })
}).annotate({
  identifier: "ProcessResizePtyParams",
  description: "Gives a terminal another size; its foreground processes get SIGWINCH."
})

export const ProcessKillParams = Schema.Struct({ processHandle: handle }).annotate({
  identifier: "ProcessKillParams",
  description: "Kills the process and all that descends from it with SIGKILL. `process/exited` follows."
})

export const ProcessSpawnResponse = Schema.Struct({}).annotate({ identifier: "ProcessSpawnResponse" })
export const ProcessWriteStdinResponse = Schema.Struct({}).annotate({
  identifier: "ProcessWriteStdinResponse"
})
export const ProcessResizePtyResponse = Schema.Struct({}).annotate({ identifier: "ProcessResizePtyResponse" })
export const ProcessKillResponse = Schema.Struct({}).annotate({ identifier: "ProcessKillResponse" })

export const ProcessOutputStream = Schema.Union([
  Schema.Literal("stdout").annotate({ description: "Standard output; on a terminal everything." }),
  Schema.Literal("stderr").annotate({ description: "Standard error." })
]).annotate({ identifier: "ProcessOutputStream", description: "Which stream output came from." })

export const ProcessOutputDeltaNotification = Schema.Struct({
  processHandle: Schema.String.annotateKey({ description: "As given in `process/spawn`." }),
  stream: ProcessOutputStream.annotateKey({ description: "Where the bytes were written to." }),
  deltaBase64: Schema.String.annotateKey({
    description: "The bytes, as the process wrote them, at most 64 KiB."
  }),
  capReached: Schema.Boolean.annotateKey({
    description: "The cap of this stream is full; nothing follows on it."
  })
}).annotate({ identifier: "ProcessOutputDeltaNotification", description: "A piece of streamed output." })
export type ProcessOutputDeltaNotification = typeof ProcessOutputDeltaNotification.Type

export const ProcessExitedNotification = Schema.Struct({
  processHandle: Schema.String.annotateKey({
    description: "As given in `process/spawn`; free for another process now."
  }),
  exitCode: Int32.annotateKey({
    description:
      "0 to 255. Death by signal n is 128 + n on pipes and 1 on a terminal; a timeout is 124 on either."
  }),
  outputDrainTimedOut: optionalNullable(Schema.Boolean).annotateKey({
    description:
      "Other processes held the output open for longer than 2 s after the exit; what they wrote later is missing."
  }),
  stdout: Schema.String.annotateKey({
    description: "What the process wrote, up to the cap; empty when streamed."
  }),
  stdoutCapReached: Schema.Boolean.annotateKey({ description: "The cap of stdout is full." }),
  stderr: Schema.String.annotateKey({
    description: "What the process wrote, up to the cap; empty when streamed."
  }),
  stderrCapReached: Schema.Boolean.annotateKey({ description: "The cap of stderr is full." })
}).annotate({
  identifier: "ProcessExitedNotification",
  description: "How a process ended. Nothing of it follows."
})
export type ProcessExitedNotification = typeof ProcessExitedNotification.Type

export const ProcessExitedExtendedNotification = Schema.Struct({
  ...ProcessExitedNotification.fields,
  ...exitDetails
}).annotate({
  identifier: "ProcessExitedExtendedNotification",
  description: "How a process ended, in full: for connections with the extension `effect-app-server/exec`."
})
export type ProcessExitedExtendedNotification = typeof ProcessExitedExtendedNotification.Type

export class ProcessRpcs extends RpcGroup.make(
  Rpc.make("process/spawn", { payload: ProcessSpawnParams, success: ProcessSpawnResponse, error: WireError }),
  Rpc.make("process/writeStdin", {
    payload: ProcessWriteStdinParams,
    success: ProcessWriteStdinResponse,
    error: WireError
  }),
  Rpc.make("process/resizePty", {
    payload: ProcessResizePtyParams,
    success: ProcessResizePtyResponse,
    error: WireError
  }),
  Rpc.make("process/kill", { payload: ProcessKillParams, success: ProcessKillResponse, error: WireError })
).annotateRpcs(Experimental, true) {}
