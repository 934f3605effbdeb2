/** What our errors are called on the wire: codes and texts as clients of Codex know them, in this one place. */
import type { WireError } from "../rpc/WireError.ts"
import { internalError, invalidParams, invalidRequest, overloaded } from "../rpc/WireError.ts"
import type { CommandExecError, InvalidCommand } from "./CommandExecError.ts"

const INVALID_COMMAND: Record<InvalidCommand["reason"], (method: string) => WireError> = {
  EmptyCommand: () => invalidRequest("command must not be empty"),
  ProfileAndPolicy: () => invalidRequest("`permissionProfile` cannot be combined with `sandboxPolicy`"),
  SizeWithoutTerminal: (method) => invalidParams(`${method} size requires tty: true`),
  CapAndNoCap: (method) => invalidParams(`${method} cannot set both outputBytesCap and disableOutputCap`),
  TimeoutAndNoTimeout: (method) => invalidParams(`${method} cannot set both timeoutMs and disableTimeout`),
  EmptySize: (method) => invalidParams(`${method} size rows and cols must be greater than 0`),
  ProcessIdRequired: (method) =>
    invalidRequest(`${method} tty or streaming requires a client-supplied processId`),
  NothingToWrite: (method) => invalidParams(`${method}/write requires deltaBase64 or closeStdin`)
}

const METHOD = "command/exec"
const shown = (processId: string) => JSON.stringify(processId)

const profileProblem = (profile: string) =>
  profile.startsWith(":")
    ? `default_permissions refers to unknown built-in profile \`${profile}\``
    : "default_permissions requires a `[permissions]` table"

const UNCONFINED =
  'to run commands without a sandbox start the server with -c sandbox_mode=danger-full-access, or send sandboxPolicy {"type":"dangerFullAccess"}'

/** The answer to a refused `command/exec` request or follow-up. */
export const fromCommandExecError = (error: CommandExecError): WireError => {
  switch (error._tag) {
    case "InvalidCommand":
      return INVALID_COMMAND[error.reason](METHOD)
    case "NegativeTimeout":
      return invalidParams(`${METHOD} timeoutMs must be non-negative, got ${error.timeoutMs}`)
    case "DuplicateProcessId":
      return invalidRequest(`duplicate active ${METHOD} process id: ${shown(error.processId)}`)
    case "NoSuchProcess":
      return invalidRequest(`no active ${METHOD} for process id ${shown(error.processId)}`)
    case "InvalidBase64":
      return invalidParams(`invalid deltaBase64: ${error.problem}`)
    case "StdinNotStreamed":
      return invalidRequest(`stdin streaming is not enabled for this ${METHOD}`)
    case "StdinClosed":
      return invalidRequest("stdin is already closed")
    case "StdinFull":
      return overloaded({ limit: "pendingStdinBytes", max: error.max, current: error.current })
    case "TooManyProcesses":
      return overloaded({ limit: error.limit, max: error.max, current: error.current })
    case "OutputTooLarge":
      return internalError(
        `${error.stream} is above maxBufferedBytes (${error.max} bytes), so the command was killed; to take any amount of output set streamStdoutStderr`
      )
    case "NotATerminal":
      return invalidRequest("failed to resize PTY: process is not attached to a PTY")
    case "InvalidPermissionProfile":
      return invalidRequest(`invalid permission profile: ${profileProblem(error.profile)}`)
    case "SandboxUnavailable":
      return internalError(
        `sandbox unavailable: this server cannot enforce \`${error.policy}\`: ${error.problem}; ${UNCONFINED}`
      )
    case "SandboxFailed":
      return internalError(`sandbox failed, the command was not started: ${error.problem}`)
    case "SpawnError":
      return internalError(`failed to spawn command: ${error.message}`)
  }
}
