// GENERATED from the schemas of the server. Changes made here are lost.
import type { CommandExecOutputDeltaNotification } from "./v2/CommandExecOutputDeltaNotification"
import type { ConfigWarningNotification } from "./v2/ConfigWarningNotification"
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
      method: "process/outputDelta"
      params: ProcessOutputDeltaNotification
    }
  | {
      method: "process/exited"
      params: ProcessExitedNotification
    }
