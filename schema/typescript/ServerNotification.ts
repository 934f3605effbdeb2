// GENERATED from the schemas of the server. Changes made here are lost.
import type { CommandExecOutputDeltaNotification } from "./v2/CommandExecOutputDeltaNotification"
import type { ConfigWarningNotification } from "./v2/ConfigWarningNotification"
import type { FsChangedNotification } from "./v2/FsChangedNotification"
import type { ProcessExitedExtendedNotification } from "./v2/ProcessExitedExtendedNotification"
import type { ProcessExitedNotification } from "./v2/ProcessExitedNotification"
import type { ProcessOutputDeltaNotification } from "./v2/ProcessOutputDeltaNotification"

/** What the server tells. */
export type ServerNotification =
  | {
      method: "command/exec/outputDelta"
      params: CommandExecOutputDeltaNotification
    }
  | {
      method: "configWarning"
      params: ConfigWarningNotification
    }
  | {
      method: "fs/changed"
      params: FsChangedNotification
    }
  | {
      method: "process/outputDelta"
      params: ProcessOutputDeltaNotification
    }
  | {
      method: "process/exited"
      params:
        /** How a process ended, in full: for connections with the extension `effect-app-server/exec`. */
        | ProcessExitedExtendedNotification
        /** How a process ended. Nothing of it follows. */
        | ProcessExitedNotification
    }
