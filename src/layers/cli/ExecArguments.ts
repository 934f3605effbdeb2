/** The flags of `exec`, which runs a command on a server as if it ran here. Behind them stands the command. */
import { parseArgs } from "node:util"
import * as Duration from "effect/Duration"
import { EXPECTED, UNIX } from "../ServerUrl.ts"
import { DEFAULT_LISTEN_URL } from "./ListenUrl.ts"
import { missingValue, repeated, required, switchedOn, unexpected, withHelp, type Token } from "./Usage.ts"

export interface ExecArguments {
  /** As `WebSocketClient` takes it. */
  readonly url: string
  readonly tokenFile: string | undefined
  readonly tty: boolean
  readonly env: Readonly<Record<string, string>>
  /** On the server's machine. */
  readonly cwd: string | undefined
  readonly timeoutMs: number | undefined
  /** Program and arguments. */
  readonly command: readonly [string, ...Array<string>]
}

export type Parsed = { readonly _tag: "ExecHelp" } | ({ readonly _tag: "Exec" } & ExecArguments)

const USAGE = "Usage: effect-app-server exec [OPTIONS] [--] COMMAND [ARGUMENT]..."

export const HELP = `Runs a command on a server as if it ran here: with our stdin, stdout, stderr and exit code.

${USAGE}

      --url <URL>         ws://HOST:PORT, wss://HOST:PORT or ${UNIX}PATH [default: ${DEFAULT_LISTEN_URL}]
      --token-file <PATH> The token for a server that asks for one, in a file that only you can write
      --tty               Give the command a terminal, which is ours: keys, colours, size
      --env <K=V>         Set a variable of the command; repeatable
      --cwd <DIR>         Where it runs, on the server's machine
      --timeout <TIME>    Kill it after this time, such as 500ms, 5s or 2m [default: never]
  -h, --help              Print help

Without --tty the signals INT, TERM and HUP end the command, and then this program by the same signal.

Exit codes: that of the command, which is 128+n if signal n killed it (1 on a terminal), and besides
  2    wrong usage
  124  --timeout is over
  126  the command is there, but cannot be started
  127  the command, or the directory of --cwd, is not there
  141  nobody reads stdout or stderr any more
  255  there is no exit code: no connection, a lost one, or the server refuses the command
`

/** Each with the name that stands for its value, if it takes one. */
const SHOWN = {
  url: "--url <URL>",
  "token-file": "--token-file <PATH>",
  tty: "--tty",
  env: "--env <K=V>",
  cwd: "--cwd <DIR>",
  timeout: "--timeout <TIME>"
} as const
type Flag = keyof typeof SHOWN

const OPTIONS = {
  url: { type: "string" },
  "token-file": { type: "string" },
  tty: { type: "boolean" },
  env: { type: "string" },
  cwd: { type: "string" },
  timeout: { type: "string" },
  help: { type: "boolean", short: "h" }
} as const

/** What the value is not shown in: a URL may hold a password, a variable a token. */
const invalid = (flag: Flag, why: string) => withHelp(`invalid value for '${SHOWN[flag]}': ${why}`)

const isUrl = (url: string): boolean => {
  if (url.startsWith(UNIX)) return url.length > UNIX.length
  if (!URL.canParse(url)) return false
  const { hash, protocol } = new URL(url)
  return (protocol === "ws:" || protocol === "wss:") && hash === ""
}

const urlOf = (value: string): string => {
  if (!isUrl(value)) throw invalid("url", EXPECTED)
  return value
}

/** Those of `Duration` may be written out. */
const UNITS: Readonly<Record<string, string>> = {
  ms: "millis",
  s: "seconds",
  m: "minutes",
  h: "hours",
  d: "days"
}

const timeoutOf = (value: string): number => {
  const [, amount, unit] = /^(\d+(?:\.\d+)?) ?([a-z]+)$/.exec(value) ?? []
  const input = `${amount} ${UNITS[unit!] ?? unit}`
  const duration = Duration.fromInput(input as Duration.Input)
  const milliseconds = duration._tag === "Some" ? Math.ceil(Duration.toMillis(duration.value)) : Number.NaN
  if (!Number.isSafeInteger(milliseconds)) {
    throw invalid("timeout", "expected a number and ms, s, m, h or d, such as 500ms or 5s")
  }
  return milliseconds
}

const variableOf = (value: string): readonly [string, string] => {
  const [, name, text] = /^([^=]+)=(.*)$/s.exec(value) ?? []
  if (name === undefined) throw invalid("env", "expected NAME=VALUE")
  return [name, text!]
}

/** The flags, and where the command begins: behind `--`, or at the first word that is no flag. */
const split = (words: ReadonlyArray<string>) => {
  const tokens = parseArgs({ args: [...words], options: OPTIONS, strict: false, tokens: true }).tokens
  const end = tokens.findIndex(({ kind }) => kind !== "option")
  const last = tokens[end]
  return {
    flags: (last === undefined ? tokens : tokens.slice(0, end)) as ReadonlyArray<Token>,
    command: last === undefined ? [] : words.slice(last.index + (last.kind === "positional" ? 0 : 1))
  }
}

/** Reads the words behind `exec`. Throws `UsageError`. */
export const parse = (words: ReadonlyArray<string>): Parsed => {
  const { command, flags } = split(words)
  for (const { name, rawName } of flags) {
    if (name === "help") return { _tag: "ExecHelp" }
    if (!Object.hasOwn(OPTIONS, name!)) throw unexpected(`unexpected argument '${rawName}' found`, USAGE)
  }
  const of = (flag: Flag) => flags.filter(({ name }) => name === flag)
  const text = (token: Token, flag: Flag): string => required(token, SHOWN[flag])
  const once = (flag: Flag): string | undefined => {
    const [first, second] = of(flag)
    if (first === undefined) return undefined
    if (second !== undefined) throw repeated(SHOWN[flag], USAGE)
    const value = text(first, flag)
    if (value === "") throw missingValue(SHOWN[flag])
    return value
  }
  const timeout = once("timeout")
  const given = {
    url: urlOf(once("url") ?? DEFAULT_LISTEN_URL),
    tokenFile: once("token-file"),
    tty: switchedOn(of("tty"), SHOWN.tty, USAGE),
    env: Object.fromEntries(of("env").map((token) => variableOf(text(token, "env")))),
    cwd: once("cwd"),
    timeoutMs: timeout === undefined ? undefined : timeoutOf(timeout)
  }
  const [program, ...rest] = command
  if (program === undefined) {
    throw unexpected("the following required arguments were not provided:\n  COMMAND", USAGE)
  }
  return { _tag: "Exec", ...given, command: [program, ...rest] }
}
