/**
 * The command line, with the flags, texts and exit codes of `codex app-server`. Node's `parseArgs` finds the
 * tokens; what they mean is decided here, and for the server's own flags in `ServeArguments`.
 */
import { parseArgs } from "node:util"
import * as ExecArguments from "./ExecArguments.ts"
import * as ListenUrl from "./ListenUrl.ts"
import * as ServeArguments from "./ServeArguments.ts"
import { USAGE, hasValue, repeated, required, switchedOn, unexpected, type Token } from "./Usage.ts"

export type Arguments =
  | { readonly _tag: "Help" }
  | { readonly _tag: "Version" }
  | { readonly _tag: "SandboxCheck" }
  | ExecArguments.Parsed
  | ({ readonly _tag: "Serve" } & ServeArguments.ServeArguments)
  | {
      readonly _tag: "Generate"
      readonly what: "json-schema" | "ts"
      readonly out: string
      readonly experimental: boolean
    }

export const HELP = `Runs commands on this machine for its clients, in the protocol of the Codex app-server.

${USAGE}

Commands:
  exec [OPTIONS] -- COMMAND...                     Run a command on a server; see exec --help
  generate-json-schema --out DIR [--experimental]  Write the protocol's JSON schemas
  generate-ts --out DIR [--experimental]           Write the protocol's TypeScript types
  sandbox-check                                    Show whether commands can be sandboxed on this machine

Without a command it serves, until its only client ends the input (stdio://) or a signal stops it.

${ServeArguments.HELP}
  -h, --help                    Print help
  -V, --version                 Print version

Exit codes: 0 after the normal end, 1 if it cannot do what it should, 2 for a wrong command line.
`

const GENERATE_OPTIONS = { out: { type: "string" }, experimental: { type: "boolean" } } as const
const COMMON_OPTIONS = {
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "V" }
} as const

const OPTIONS = { ...ServeArguments.OPTIONS, ...GENERATE_OPTIONS, ...COMMON_OPTIONS }

const SERVE_FLAGS: ReadonlySet<string> = new Set(
  Object.keys({ ...ServeArguments.OPTIONS, ...COMMON_OPTIONS })
)
const GENERATE_FLAGS: ReadonlySet<string> = new Set([...Object.keys(GENERATE_OPTIONS), "help"])
const COMMANDS: ReadonlyMap<string, "json-schema" | "ts"> = new Map([
  ["generate-json-schema", "json-schema"],
  ["generate-ts", "ts"]
])

const SANDBOX_CHECK = "sandbox-check"
const EXEC = "exec"

/** `sandbox-check` takes nothing but `--help`. */
const sandboxCheck = ([next]: ReadonlyArray<Token>): Arguments => {
  if (next === undefined) return { _tag: "SandboxCheck" }
  if (next.name === "help") return { _tag: "Help" }
  throw unexpected(`unexpected argument '${next.rawName ?? next.value}' found`)
}

const generate = (what: "json-schema" | "ts", tokens: ReadonlyArray<Token>): Arguments => {
  const of = (name: string) => tokens.filter((token) => token.name === name)
  const [out, another] = of("out")
  if (out === undefined) {
    throw unexpected("the following required arguments were not provided:\n  --out <DIR>")
  }
  if (another !== undefined) throw repeated("--out <DIR>")
  return {
    _tag: "Generate",
    what,
    out: required(out, "--out <DIR>"),
    experimental: switchedOn(of("experimental"), "--experimental")
  }
}

/** Reads the words behind the program's name. Throws `UsageError`. */
export const parse = (words: ReadonlyArray<string>): Arguments => {
  // its own words end where those of the remote command begin
  if (words[0] === EXEC) return ExecArguments.parse(words.slice(1))
  const tokens = parseArgs({
    args: withListenUrl(words),
    options: OPTIONS,
    strict: false,
    tokens: true
  }).tokens as Array<Token>
  const [first] = tokens
  if (first?.kind === "positional" && first.value === SANDBOX_CHECK) return sandboxCheck(tokens.slice(1))
  const command = first?.kind === "positional" ? COMMANDS.get(first.value!) : undefined
  const known = command === undefined ? SERVE_FLAGS : GENERATE_FLAGS
  const flags: Array<Token> = []
  for (const token of command === undefined ? tokens : tokens.slice(1)) {
    const { kind, name, rawName, value } = token
    if (kind === "positional") {
      throw unexpected(
        command === undefined ? `unrecognized subcommand '${value}'` : `unexpected argument '${value}' found`
      )
    }
    if (kind === "option-terminator") continue
    if (!known.has(name!)) throw unexpected(`unexpected argument '${rawName}' found`)
    if (name === "help") return { _tag: "Help" }
    if (name === "version") return { _tag: "Version" }
    flags.push(token)
    // what was taken for its value is another flag, so nothing behind it means what it seems to
    if (OPTIONS[name as keyof typeof OPTIONS].type === "string" && !hasValue(token)) break
  }
  return command === undefined ? { _tag: "Serve", ...ServeArguments.parse(flags) } : generate(command, flags)
}

/** A `--listen` with nothing, or another flag, behind it gets a URL. */
const withListenUrl = (words: ReadonlyArray<string>): Array<string> =>
  words.map((word, i) =>
    word === "--listen" && (words[i + 1] === undefined || words[i + 1]!.startsWith("-"))
      ? `--listen=${ListenUrl.DEFAULT_LISTEN_URL}`
      : word
  )
