// GENERATED from the schemas of the server. Changes made here are lost.
import type { CommandExecParams } from "./v2/CommandExecParams"
import type { CommandExecResizeParams } from "./v2/CommandExecResizeParams"
import type { CommandExecTerminateParams } from "./v2/CommandExecTerminateParams"
import type { CommandExecWriteParams } from "./v2/CommandExecWriteParams"
import type { ConfigBatchWriteParams } from "./v2/ConfigBatchWriteParams"
import type { ConfigReadParams } from "./v2/ConfigReadParams"
import type { ConfigValueWriteParams } from "./v2/ConfigValueWriteParams"
import type { FsCopyParams } from "./v2/FsCopyParams"
import type { FsCreateDirectoryParams } from "./v2/FsCreateDirectoryParams"
import type { FsGetMetadataParams } from "./v2/FsGetMetadataParams"
import type { FsReadDirectoryParams } from "./v2/FsReadDirectoryParams"
import type { FsReadFileParams } from "./v2/FsReadFileParams"
import type { FsRemoveParams } from "./v2/FsRemoveParams"
import type { FsUnwatchParams } from "./v2/FsUnwatchParams"
import type { FsWatchParams } from "./v2/FsWatchParams"
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
      method: "fs/createDirectory"
      id: RequestId
      params: FsCreateDirectoryParams
    }
  | {
      method: "fs/getMetadata"
      id: RequestId
      params: FsGetMetadataParams
    }
  | {
      method: "fs/readDirectory"
      id: RequestId
      params: FsReadDirectoryParams
    }
  | {
      method: "fs/remove"
      id: RequestId
      params: FsRemoveParams
    }
  | {
      method: "fs/copy"
      id: RequestId
      params: FsCopyParams
    }
  | {
      method: "fs/watch"
      id: RequestId
      params: FsWatchParams
    }
  | {
      method: "fs/unwatch"
      id: RequestId
      params: FsUnwatchParams
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
