// GENERATED from the schemas of the server. Changes made here are lost.
import type { CommandExecParams } from "./v2/CommandExecParams"
import type { CommandExecResizeParams } from "./v2/CommandExecResizeParams"
import type { CommandExecTerminateParams } from "./v2/CommandExecTerminateParams"
import type { CommandExecWriteParams } from "./v2/CommandExecWriteParams"
import type { ConfigBatchWriteParams } from "./v2/ConfigBatchWriteParams"
import type { ConfigReadParams } from "./v2/ConfigReadParams"
import type { ConfigValueWriteParams } from "./v2/ConfigValueWriteParams"
import type { FsReadFileParams } from "./v2/FsReadFileParams"
import type { FsWriteFileParams } from "./v2/FsWriteFileParams"
import type { InitializeParams } from "./InitializeParams"
import type { MockExperimentalMethodParams } from "./v2/MockExperimentalMethodParams"
import type { ProcessKillParams } from "./v2/ProcessKillParams"
import type { ProcessResizePtyParams } from "./v2/ProcessResizePtyParams"
import type { ProcessSpawnParams } from "./v2/ProcessSpawnParams"
import type { ProcessWriteStdinParams } from "./v2/ProcessWriteStdinParams"
import type { RequestId } from "./RequestId"

/** What a client may ask. */
export type ClientRequest =
  | {
      method: "initialize"
      id: RequestId
      params: InitializeParams
    }
  | {
      method: "config/read"
      id: RequestId
      params: ConfigReadParams
    }
  | {
      method: "config/value/write"
      id: RequestId
      params: ConfigValueWriteParams
    }
  | {
      method: "config/batchWrite"
      id: RequestId
      params: ConfigBatchWriteParams
    }
  | {
      method: "configRequirements/read"
      id: RequestId
      params: undefined
    }
  | {
      method: "command/exec"
      id: RequestId
      params: CommandExecParams
    }
  | {
      method: "command/exec/write"
      id: RequestId
      params: CommandExecWriteParams
    }
  | {
      method: "command/exec/terminate"
      id: RequestId
      params: CommandExecTerminateParams
    }
  | {
      method: "command/exec/resize"
      id: RequestId
      params: CommandExecResizeParams
    }
  | {
      method: "fs/readFile"
      id: RequestId
      params: FsReadFileParams
    }
  | {
      method: "fs/writeFile"
      id: RequestId
      params: FsWriteFileParams
    }
  | {
      method: "mock/experimentalMethod"
      id: RequestId
      params: MockExperimentalMethodParams
    }
  | {
      method: "process/spawn"
      id: RequestId
      params: ProcessSpawnParams
    }
  | {
      method: "process/writeStdin"
      id: RequestId
      params: ProcessWriteStdinParams
    }
  | {
      method: "process/resizePty"
      id: RequestId
      params: ProcessResizePtyParams
    }
  | {
      method: "process/kill"
      id: RequestId
      params: ProcessKillParams
    }
