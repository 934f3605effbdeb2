/** What our errors are called on the wire: codes and texts as clients of Codex know them, in this one place. */
import type { WireError } from "../rpc/WireError.ts"
import { internalError, invalidParams, invalidRequest, overloaded } from "../rpc/WireError.ts"
import type { CommandExecError, InvalidCommand } from "./CommandExecError.ts"
import type { FileSystemError, InvalidCopy } from "./FileSystemError.ts"
import * as SystemError from "./SystemError.ts"

/** What a family of methods calls things. */
interface Vocabulary {
  /** The method that starts a command. */
  readonly start: string
  /** The method that writes to its stdin. */
  readonly write: string
  /** What runs then. */
  readonly running: string
  /** What it was started as. */
  readonly program: string
  /** What names it, and what names it while it runs. */
  readonly name: string
  readonly activeName: string
}

const COMMAND_EXEC: Vocabulary = {
  start: "command/exec",
  write: "command/exec/write",
  running: "command/exec",
  program: "command",
  name: "process id",
  activeName: "command/exec process id"
}

const PROCESS: Vocabulary = {
  start: "process/spawn",
  write: "process/writeStdin",
  running: "process",
  program: "process",
  name: "process handle",
  activeName: "process handle"
}

const INVALID_COMMAND: Record<InvalidCommand["reason"], (words: Vocabulary) => WireError> = {
  EmptyCommand: () => invalidRequest("command must not be empty"),
  EmptyName: () => invalidRequest("processHandle must not be empty"),
  ProfileAndPolicy: () => invalidRequest("`permissionProfile` cannot be combined with `sandboxPolicy`"),
  SizeWithoutTerminal: ({ start }) => invalidParams(`${start} size requires tty: true`),
  CapAndNoCap: ({ start }) => invalidParams(`${start} cannot set both outputBytesCap and disableOutputCap`),
  TimeoutAndNoTimeout: ({ start }) => invalidParams(`${start} cannot set both timeoutMs and disableTimeout`),
  EmptySize: ({ running }) => invalidParams(`${running} size rows and cols must be greater than 0`),
  ProcessIdRequired: ({ start }) =>
    invalidRequest(`${start} tty or streaming requires a client-supplied processId`),
  NothingToWrite: ({ write }) => invalidParams(`${write} requires deltaBase64 or closeStdin`)
}

const shown = (name: string) => JSON.stringify(name)

const profileProblem = (profile: string) =>
  profile.startsWith(":")
    ? `default_permissions refers to unknown built-in profile \`${profile}\``
    : "default_permissions requires a `[permissions]` table"

const UNCONFINED =
  'to run commands without a sandbox start the server with -c sandbox_mode=danger-full-access, or send sandboxPolicy {"type":"dangerFullAccess"}'

const toWireError = (words: Vocabulary, error: CommandExecError): WireError => {
  switch (error._tag) {
    case "InvalidCommand":
      return INVALID_COMMAND[error.reason](words)
    case "NegativeTimeout":
      return invalidParams(`${words.start} timeoutMs must be non-negative, got ${error.timeoutMs}`)
    case "DuplicateName":
      return invalidRequest(`duplicate active ${words.activeName}: ${shown(error.name)}`)
    case "NoSuchProcess":
      return invalidRequest(`no active ${words.running} for ${words.name} ${shown(error.name)}`)
    case "InvalidBase64":
      return invalidParams(`invalid deltaBase64: ${error.problem}`)
    case "StdinNotStreamed":
      return invalidRequest(`stdin streaming is not enabled for this ${words.running}`)
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
      return internalError(`failed to spawn ${words.program}: ${error.message}`)
  }
}

/** The answer to a refused `command/exec` request or follow-up. */
export const fromCommandExecError = (error: CommandExecError): WireError => toWireError(COMMAND_EXEC, error)

/** The answer to a refused `process/*` request. */
export const fromProcessError = (error: CommandExecError): WireError => toWireError(PROCESS, error)

const INVALID_ARGUMENT = SystemError.textOf("EINVAL")

const INVALID_COPY: Record<InvalidCopy["reason"], string> = {
  DirectoryWithoutRecursive: "fs/copy requires recursive: true when sourcePath is a directory",
  DirectoryIntoItself: "fs/copy cannot copy a directory to itself or one of its descendants",
  FileOntoItself: "fs/copy cannot copy a file to itself",
  UnsupportedKind: "fs/copy only supports regular files, directories, and symlinks"
}

/** The answer to a refused `fs/*` request. */
export const fromFileSystemError = (error: FileSystemError): WireError => {
  switch (error._tag) {
    case "SystemRefusal":
      // what the system calls an invalid argument the original takes for one of its own
      return error.text === INVALID_ARGUMENT ? invalidRequest(error.text) : internalError(error.text)
    case "NulInPath":
      return invalidRequest("file name contained an unexpected NUL byte")
    case "NotAFile":
      return invalidRequest(`path \`${error.path}\` is not a file`)
    case "FileTooLarge":
      return invalidRequest(
        `file is too large to read: limit is ${error.max} bytes; read parts of it with command/exec`
      )
    case "InvalidContent":
      return invalidRequest(`fs/writeFile requires valid base64 dataBase64: ${error.problem}`)
    case "InvalidCopy":
      return invalidRequest(INVALID_COPY[error.reason])
    case "DuplicateWatch":
      return invalidRequest(`watchId already exists: ${error.watchId}`)
    case "TooManyWatches":
      return overloaded({ limit: "maxWatchesPerConnection", max: error.max, current: error.current })
    case "OutOfWatches":
      return internalError(
        `${error.text}: the system has no more watches; raise ${error.setting} with sysctl`
      )
  }
}
