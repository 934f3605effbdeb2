/**
 * Why a request to start a command, or to do something to one, is refused. Plain values without a stack: refusing must cost no more than serving.
 * `WireErrors` has their codes and texts.
 */
import * as Data from "effect/Data"

/** The params contradict each other or are out of bounds. */
export class InvalidCommand extends Data.TaggedClass("InvalidCommand")<{
  readonly reason:
    | "EmptyCommand"
    | "EmptyName"
    | "ProfileAndPolicy"
    | "SizeWithoutTerminal"
    | "CapAndNoCap"
    | "TimeoutAndNoTimeout"
    | "EmptySize"
    | "ProcessIdRequired"
    | "NothingToWrite"
}> {}
export class NegativeTimeout extends Data.TaggedClass("NegativeTimeout")<{
  readonly timeoutMs: number | bigint
}> {}
/** A command of that name runs on this connection already. */
export class DuplicateName extends Data.TaggedClass("DuplicateName")<{ readonly name: string }> {}
/** No command of that name runs on this connection. */
export class NoSuchProcess extends Data.TaggedClass("NoSuchProcess")<{ readonly name: string }> {}
export class InvalidBase64 extends Data.TaggedClass("InvalidBase64")<{ readonly problem: string }> {}
export class StdinNotStreamed extends Data.TaggedClass("StdinNotStreamed")<{}> {}
export class StdinClosed extends Data.TaggedClass("StdinClosed")<{}> {}
/** The command reads too slowly for what the client writes; `current` bytes wait already. */
export class StdinFull extends Data.TaggedClass("StdinFull")<{
  readonly max: number
  readonly current: number
}> {}
/** No place is left for another process: `current` of `max` places are taken. */
export class TooManyProcesses extends Data.TaggedClass("TooManyProcesses")<{
  readonly limit: "maxProcesses" | "maxProcessesPerConnection"
  readonly max: number
  readonly current: number
}> {}
/** More output than a buffered answer may hold, so the command was killed; `max` is in bytes. */
export class OutputTooLarge extends Data.TaggedClass("OutputTooLarge")<{
  readonly stream: "stdout" | "stderr"
  readonly max: number
}> {}
export class NotATerminal extends Data.TaggedClass("NotATerminal")<{}> {}
/** No permission profile of that name. */
export class InvalidPermissionProfile extends Data.TaggedClass("InvalidPermissionProfile")<{
  readonly profile: string
}> {}
/** The policy that applies cannot be enforced here, so the command was not started. */
export class SandboxUnavailable extends Data.TaggedClass("SandboxUnavailable")<{
  /** What was asked for, such as `readOnly`. */
  readonly policy: string
  /** What is missing, and how to get it. */
  readonly problem: string
}> {}
/** The sandbox came to an end before the command began; `problem` is its own text. */
export class SandboxFailed extends Data.TaggedClass("SandboxFailed")<{ readonly problem: string }> {}
/** The system did not start the program; `message` is the system's text. */
export class SpawnError extends Data.TaggedClass("SpawnError")<{ readonly message: string }> {}

export type CommandExecError =
  | InvalidCommand
  | NegativeTimeout
  | DuplicateName
  | NoSuchProcess
  | InvalidBase64
  | StdinNotStreamed
  | StdinClosed
  | StdinFull
  | TooManyProcesses
  | OutputTooLarge
  | NotATerminal
  | InvalidPermissionProfile
  | SandboxUnavailable
  | SandboxFailed
  | SpawnError
