/** How `exec` ends: the exit code of the command, or one of ours and a line that says what went wrong and what to do. */
import * as Data from "effect/Data"
import type { CallError, OpenError } from "../../../services/ClientError.ts"
import type { SecretFileError } from "../../auth/SecretFile.ts"
import type { ExecArguments } from "../ExecArguments.ts"

/** What is to be printed on stderr, with its newline, and the exit code. */
export interface ExecEnd {
  readonly code: number
  readonly message: string
}

const BAD_USAGE = 2
const CANNOT_START = 126
const NOT_FOUND = 127
/** 128 and the number of SIGPIPE, of which a local command would have died. */
const BROKEN_PIPE = 141
/** As of ssh: commands rarely exit with it, so scripts can tell our troubles from theirs. */
const NO_EXIT_CODE = 255

/** `--tty` without a terminal to give; `message` says what to do. */
export class NoTerminal extends Data.TaggedError("NoTerminal")<{ readonly message: string }> {}
/** Nobody reads what the command writes. */
export class BrokenPipe extends Data.TaggedError("BrokenPipe") {}
/** One of our standard streams fails. */
export class StreamError extends Data.TaggedError("StreamError")<{ readonly message: string }> {}
/** What listens there does not speak the protocol, or not at all; `message` says what to do. */
export class NoAppServer extends Data.TaggedError("NoAppServer")<{ readonly message: string }> {}

export type ExecError =
  NoTerminal | BrokenPipe | StreamError | NoAppServer | SecretFileError | OpenError | CallError

/** So much is shown of what others say; a page of HTML is longer. */
const MAX_SHOWN = 500

/** One line that does nothing to a terminal and holds no token, even if the server says it. */
const line = (text: string, token: string | undefined): string => {
  const hidden = token === undefined ? text : text.replaceAll(token, "<redacted>")
  const shown = hidden.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, " ").trim()
  return `Error: ${shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}…` : shown}\n`
}

const SPAWN = "failed to spawn command: "

/** As shells have it: argument list too long, no format of a program, no permission. */
const isCannotStart = (problem: string) => /\(os error (?:7|8|13)\)/.test(problem)

const refusal = (
  problem: string,
  { command, cwd }: ExecArguments
): readonly [code: number, message: string] => {
  if (!problem.startsWith(SPAWN)) return [NO_EXIT_CODE, `the server refused the command: ${problem}`]
  const message = `cannot start ${command[0]} on the server: ${problem.slice(SPAWN.length)}`
  if (isCannotStart(problem)) return [CANNOT_START, `${message}; is it a program, and executable?`]
  if (!problem.includes("(os error 2)")) return [NO_EXIT_CODE, message]
  return [NOT_FOUND, `${message}; check the name${cwd === undefined ? "" : ` and --cwd ${cwd}`}`]
}

const refusedHandshake = (status: number, body: string, { tokenFile }: ExecArguments): string => {
  const said = `${status}${body === "" ? "" : `: ${body}`}`
  switch (status) {
    case 401:
      return tokenFile === undefined
        ? `the server asks for a token (${said}); name the file with it by --token-file`
        : `the server does not take the token in ${tokenFile} (${said}); put its own into the file that --token-file names`
    case 403:
      return `the server does not let us in (${said}); connect to an address that it serves`
    case 503:
      return `the server has no room (${said})`
    default:
      return `what listens there is no app-server, it answered ${said}; check --url`
  }
}

const described = (error: ExecError, args: ExecArguments): readonly [code: number, message: string] => {
  switch (error._tag) {
    case "NoTerminal":
      return [BAD_USAGE, error.message]
    case "BrokenPipe":
      return [BROKEN_PIPE, ""]
    case "RequestError":
      return refusal(error.message, args)
    case "HandshakeRefused":
      return [NO_EXIT_CODE, refusedHandshake(error.status, error.body, args)]
    case "ConnectError":
      return [NO_EXIT_CODE, `${error.message}; start a server there, or name another one by --url`]
    case "ConnectionLost":
      return [
        NO_EXIT_CODE,
        `the connection is lost, and with it the command: ${error.message}; run it again once the server can be reached`
      ]
    case "SchemaError":
      return [NO_EXIT_CODE, `the server does not keep to the protocol: ${error.message}; check --url`]
    default:
      return [NO_EXIT_CODE, error.message]
  }
}

/** The end for a failure. */
export const ofError = (error: ExecError, args: ExecArguments, token: string | undefined): ExecEnd => {
  const [code, message] = described(error, args)
  return { code, message: message === "" ? "" : line(message, token) }
}

/** The end of the command itself. */
export const ofCode = (code: number): ExecEnd => ({ code, message: "" })
