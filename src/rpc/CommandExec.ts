/** `command/exec` and its follow-ups: run a command, talk to it, end it. */
import * as Schema from "effect/Schema"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import { exitDetails } from "./ExitDetails.ts"
import { Int32, Int64, PathString, UInt, UInt16, optional, optionalNullable } from "./Primitives.ts"
import { SandboxPolicy } from "./SandboxPolicy.ts"
import { WireError } from "./WireError.ts"

/** Time after which a command is killed when the request does not say: 10 s (measured on Codex 0.169.0). */
export const DEFAULT_TIMEOUT_MS = 10_000
/** Bytes kept of each of stdout and stderr when the request does not say: 1 MiB (measured on Codex 0.169.0). */
export const DEFAULT_OUTPUT_BYTES_CAP = 1_048_576
/** Exit code of a command that was killed because its time was over, as `timeout(1)` has it. */
export const TIMEOUT_EXIT_CODE = 124

export const CommandExecTerminalSize = Schema.Struct({
  rows: UInt16.annotateKey({ description: "Height in character cells, 1 to 65535." }),
  cols: UInt16.annotateKey({ description: "Width in character cells, 1 to 65535." })
}).annotate({ identifier: "CommandExecTerminalSize", description: "The size of a terminal." })
export type CommandExecTerminalSize = typeof CommandExecTerminalSize.Type

export const CommandExecParams = Schema.Struct({
  command: Schema.Array(Schema.String).annotateKey({
    description:
      "Program and arguments; no shell in between. The program is looked up in the command's own PATH."
  }),
  processId: optionalNullable(Schema.String).annotateKey({
    description:
      "The client's name for the command, unique among the running commands of its connection. Needed for `tty`, `streamStdin`, `streamStdoutStderr` and for every follow-up."
  }),
  tty: optional(Schema.Boolean).annotateKey({
    description:
      "Run on a terminal. Implies `streamStdin` and `streamStdoutStderr`; all output is on `stdout`."
  }),
  streamStdin: optional(Schema.Boolean).annotateKey({
    description: "Accept `command/exec/write`. Without it stdin is `/dev/null`."
  }),
  streamStdoutStderr: optional(Schema.Boolean).annotateKey({
    description:
      "Send output as `command/exec/outputDelta` while it comes; the answer's strings are empty then."
  }),
  outputBytesCap: optionalNullable(UInt).annotateKey({
    description:
      "Bytes kept of each of stdout and stderr, 1048576 by default; what comes after is read and thrown away. Not together with `disableOutputCap`."
  }),
  disableOutputCap: optional(Schema.Boolean).annotateKey({ description: "Keep all output." }),
  disableTimeout: optional(Schema.Boolean).annotateKey({
    description: "Let the command run as long as it likes."
  }),
  timeoutMs: optionalNullable(Int64).annotateKey({
    description:
      "Milliseconds after which the command is killed and answered with exit code 124; 10000 by default, 0 is at once. Not together with `disableTimeout`."
  }),
  cwd: optionalNullable(PathString).annotateKey({
    description:
      "Working directory; a relative one starts at the server's, a leading `~` is the home directory. By default the server's."
  }),
  env: optionalNullable(Schema.Record(Schema.String, Schema.NullOr(Schema.String))).annotateKey({
    description: "Variables to set, or with null to remove, over the environment that the server computes."
  }),
  size: optionalNullable(CommandExecTerminalSize).annotateKey({
    description: "First size of the terminal, 24 rows of 80 columns by default. Only with `tty`."
  }),
  sandboxPolicy: optionalNullable(SandboxPolicy).annotateKey({
    description:
      "What the command may touch, instead of what the configuration says. Not together with `permissionProfile`."
  }),
  permissionProfile: optionalNullable(Schema.String).annotateKey({
    experimental: true,
    description:
      "Name of the permission profile to run under: `:read-only`, `:workspace` or `:danger-full-access`. Not together with `sandboxPolicy`."
  })
}).annotate({
  identifier: "CommandExecParams",
  description:
    "Runs one command. The answer comes when it is over, after every `command/exec/outputDelta`. Its processes end with it, and with the connection."
})
export type CommandExecParams = typeof CommandExecParams.Type

export const CommandExecResponse = Schema.Struct({
  exitCode: Int32.annotateKey({
    description:
      "0 to 255. Death by signal n is 128 + n on pipes and 1 on a terminal; a timeout is 124 on either."
  }),
  stdout: Schema.String.annotateKey({
    description: "What the command wrote, up to the cap; empty when streamed."
  }),
  stderr: Schema.String.annotateKey({
    description: "What the command wrote, up to the cap; empty when streamed."
  })
}).annotate({ identifier: "CommandExecResponse", description: "How a command ended." })
export type CommandExecResponse = typeof CommandExecResponse.Type

export const CommandExecExtendedResponse = Schema.Struct({
  ...CommandExecResponse.fields,
  ...exitDetails,
  drainTimedOut: Schema.Boolean.annotateKey({
    description:
      "Other processes held the output open for longer than 2 s after the exit; what they wrote later is missing."
  })
}).annotate({
  identifier: "CommandExecExtendedResponse",
  description: "How a command ended, in full: for connections with the extension `effect-app-server/exec`."
})
export type CommandExecExtendedResponse = typeof CommandExecExtendedResponse.Type

export const CommandExecWriteParams = Schema.Struct({
  processId: Schema.String.annotateKey({ description: "Names a running command of this connection." }),
  deltaBase64: optionalNullable(Schema.String).annotateKey({
    description: "Bytes for stdin: standard alphabet, padded, nothing else in between."
  }),
  closeStdin: optional(Schema.Boolean).annotateKey({
    description:
      "End stdin, after the bytes if there are any. On a terminal: a newline and the EOF character."
  })
}).annotate({ identifier: "CommandExecWriteParams", description: "Writes to stdin, ends it, or both." })
export type CommandExecWriteParams = typeof CommandExecWriteParams.Type

export const CommandExecWriteResponse = Schema.Struct({}).annotate({ identifier: "CommandExecWriteResponse" })

export const CommandExecResizeParams = Schema.Struct({
  processId: Schema.String.annotateKey({ description: "Names a running command of this connection." }),
  size: CommandExecTerminalSize.annotateKey({ description: "The new size." })
}).annotate({
  identifier: "CommandExecResizeParams",
  description: "Gives a terminal another size; its foreground processes get SIGWINCH."
})
export type CommandExecResizeParams = typeof CommandExecResizeParams.Type

export const CommandExecResizeResponse = Schema.Struct({}).annotate({
  identifier: "CommandExecResizeResponse"
})

export const CommandExecTerminateParams = Schema.Struct({
  processId: Schema.String.annotateKey({ description: "Names a running command of this connection." })
}).annotate({
  identifier: "CommandExecTerminateParams",
  description: "Kills the command and its process group with SIGKILL. The command's own answer follows."
})
export type CommandExecTerminateParams = typeof CommandExecTerminateParams.Type

export const CommandExecTerminateResponse = Schema.Struct({}).annotate({
  identifier: "CommandExecTerminateResponse"
})

export const CommandExecOutputStream = Schema.Union([
  Schema.Literal("stdout").annotate({ description: "Standard output; on a terminal everything." }),
  Schema.Literal("stderr").annotate({ description: "Standard error." })
]).annotate({ identifier: "CommandExecOutputStream", description: "Which stream output came from." })
export type CommandExecOutputStream = typeof CommandExecOutputStream.Type

export const CommandExecOutputDeltaNotification = Schema.Struct({
  processId: Schema.String.annotateKey({ description: "As given in `command/exec`." }),
  stream: CommandExecOutputStream.annotateKey({ description: "Where the bytes were written to." }),
  deltaBase64: Schema.String.annotateKey({
    description: "The bytes, as the command wrote them, at most 64 KiB."
  }),
  capReached: Schema.Boolean.annotateKey({
    description: "The cap of this stream is full; nothing follows on it."
  })
}).annotate({ identifier: "CommandExecOutputDeltaNotification", description: "A piece of streamed output." })
export type CommandExecOutputDeltaNotification = typeof CommandExecOutputDeltaNotification.Type

export class CommandExecRpcs extends RpcGroup.make(
  Rpc.make("command/exec", {
    payload: CommandExecParams,
    success: Schema.Union([CommandExecExtendedResponse, CommandExecResponse]),
    error: WireError
  }),
  Rpc.make("command/exec/write", {
    payload: CommandExecWriteParams,
    success: CommandExecWriteResponse,
    error: WireError
  }),
  Rpc.make("command/exec/terminate", {
    payload: CommandExecTerminateParams,
    success: CommandExecTerminateResponse,
    error: WireError
  }),
  Rpc.make("command/exec/resize", {
    payload: CommandExecResizeParams,
    success: CommandExecResizeResponse,
    error: WireError
  })
) {}
