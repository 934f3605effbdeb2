/**
 * The experimental `process/*` family. Its methods are known, so that their params are checked and clients without
 * `experimentalApi` are told so, but they are not served yet.
 */
import * as Schema from "effect/Schema"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import { Experimental } from "./Experimental.ts"
import { AbsolutePathBuf, Int64, UInt, UInt16, optional, optionalNullable } from "./Primitives.ts"
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
    description: "Program and arguments; no shell in between."
  }),
  processHandle: handle,
  cwd: AbsolutePathBuf.annotateKey({ description: "Working directory." }),
  tty: optional(Schema.Boolean).annotateKey({
    description: "Run on a terminal. Implies `streamStdin` and `streamStdoutStderr`."
  }),
  streamStdin: optional(Schema.Boolean).annotateKey({ description: "Accept `process/writeStdin`." }),
  streamStdoutStderr: optional(Schema.Boolean).annotateKey({
    description: "Send output as `process/outputDelta` while it comes."
  }),
  outputBytesCap: optionalNullable(UInt).annotateKey({
    description: "Bytes kept of each of stdout and stderr, 1048576 by default; null keeps all."
  }),
  timeoutMs: optionalNullable(Int64).annotateKey({
    description: "Milliseconds after which the process is killed, 10000 by default; null is never."
  }),
  env: optionalNullable(Schema.Record(Schema.String, Schema.NullOr(Schema.String))).annotateKey({
    description: "Variables to set, or with null to remove, over the server's environment."
  }),
  size: optionalNullable(ProcessTerminalSize).annotateKey({
    description: "First size of the terminal. Only with `tty`."
  })
}).annotate({
  identifier: "ProcessSpawnParams",
  description: "Starts a process and answers at once; its end is a notification. Never sandboxed."
})

export const ProcessWriteStdinParams = Schema.Struct({
  processHandle: handle,
  deltaBase64: optionalNullable(Schema.String).annotateKey({ description: "Bytes for stdin." }),
  closeStdin: optional(Schema.Boolean).annotateKey({
    description: "End stdin, after the bytes if there are any."
  })
}).annotate({ identifier: "ProcessWriteStdinParams" })

export const ProcessResizePtyParams = Schema.Struct({
  processHandle: handle,
  size: ProcessTerminalSize.annotateKey({ description: "The new size." })
}).annotate({ identifier: "ProcessResizePtyParams" })

export const ProcessKillParams = Schema.Struct({ processHandle: handle }).annotate({
  identifier: "ProcessKillParams"
})

export const ProcessSpawnResponse = Schema.Struct({}).annotate({ identifier: "ProcessSpawnResponse" })
export const ProcessWriteStdinResponse = Schema.Struct({}).annotate({
  identifier: "ProcessWriteStdinResponse"
})
export const ProcessResizePtyResponse = Schema.Struct({}).annotate({ identifier: "ProcessResizePtyResponse" })
export const ProcessKillResponse = Schema.Struct({}).annotate({ identifier: "ProcessKillResponse" })

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
