/**
 * The command line, with the flags, texts and exit codes of `codex app-server`. Node's `parseArgs` finds the
 * tokens; what they mean is decided here.
 */
import { parseArgs } from "node:util"
import * as AuthArguments from "./AuthArguments.ts"
import * as ListenUrl from "./ListenUrl.ts"
import { USAGE, repeated, required, unexpected, withHelp, type Token } from "./Usage.ts"

export type Arguments =
  | { readonly _tag: "Help" }
  | { readonly _tag: "Version" }
  | { readonly _tag: "SandboxCheck" }
  | {
      readonly _tag: "Serve"
      readonly listen: ListenUrl.ListenUrl | undefined
      readonly overrides: ReadonlyArray<string>
      readonly strictConfig: boolean
      readonly auth: AuthArguments.AuthArguments
    }
  | {
      readonly _tag: "Generate"
      readonly what: "json-schema" | "ts"
      readonly out: string
      readonly experimental: boolean
    }

export const HELP = `Runs commands on this machine for its clients, in the protocol of the Codex app-server.

${USAGE}

Commands:
  generate-json-schema --out DIR [--experimental]  Write the protocol's JSON schemas
  generate-ts --out DIR [--experimental]           Write the protocol's TypeScript types
  sandbox-check                                    Show whether commands can be sandboxed on this machine

Options:
      --listen <URL>        Where to listen: ws://IP:PORT; port 0 lets the system choose
                            [without a URL: ${ListenUrl.DEFAULT_LISTEN_URL}]
  -c, --config <key=value>  Override a configuration value; the key is dotted, the value TOML or else text
      --strict-config       Do not start with a configuration that is wrong or has unknown keys
  -h, --help                Print help
  -V, --version             Print version

${AuthArguments.HELP}`

const options = {
  ...AuthArguments.OPTIONS,
  listen: { type: "string" },
  config: { type: "string", short: "c", multiple: true },
  "strict-config": { type: "boolean" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "V" },
  out: { type: "string" },
  experimental: { type: "boolean" }
} as const

const SERVE_FLAGS: ReadonlySet<string> = new Set([
  "listen",
  "config",
  "strict-config",
  "help",
  "version",
  ...AuthArguments.NAMES
])
const GENERATE_FLAGS: ReadonlySet<string> = new Set(["out", "experimental", "help"])
const COMMANDS: ReadonlyMap<string, "json-schema" | "ts"> = new Map([
  ["generate-json-schema", "json-schema"],
  ["generate-ts", "ts"]
])

const SANDBOX_CHECK = "sandbox-check"

/** `sandbox-check` takes nothing but `--help`. */
const sandboxCheck = ([next]: ReadonlyArray<Token>): Arguments => {
  if (next === undefined) return { _tag: "SandboxCheck" }
  if (next.name === "help") return { _tag: "Help" }
  throw unexpected(`unexpected argument '${next.rawName ?? next.value}' found`)
}

/** Reads the words behind the program's name. Throws `UsageError`. */
export const parse = (words: ReadonlyArray<string>): Arguments => {
  const tokens = parseArgs({ args: withListenUrl(words), options, strict: false, tokens: true })
    .tokens as Array<Token>
  const [first] = tokens
  if (first?.kind === "positional" && first.value === SANDBOX_CHECK) return sandboxCheck(tokens.slice(1))
  const command = first?.kind === "positional" ? COMMANDS.get(first.value!) : undefined
  const flags = command === undefined ? SERVE_FLAGS : GENERATE_FLAGS
  const seen: { listen?: string; out?: string; experimental?: boolean; strictConfig?: boolean } = {}
  const overrides: Array<string> = []
  const auth: Array<Token> = []
  for (const token of command === undefined ? tokens : tokens.slice(1)) {
    const { kind, name, rawName, value } = token
    if (kind === "positional") {
      throw unexpected(
        command === undefined ? `unrecognized subcommand '${value}'` : `unexpected argument '${value}' found`
      )
    }
    if (kind === "option-terminator") continue
    if (!flags.has(name!)) throw unexpected(`unexpected argument '${rawName}' found`)
    switch (name) {
      case "help":
        return { _tag: "Help" }
      case "version":
        return { _tag: "Version" }
      case "config":
        overrides.push(required(token, "--config <key=value>"))
        break
      case "strict-config":
        if (value !== undefined) {
          throw withHelp(`unexpected value '${value}' for '--strict-config' found; no more were expected`)
        }
        if (seen.strictConfig === true) throw repeated("--strict-config")
        seen.strictConfig = true
        break
      case "listen":
        if (seen.listen !== undefined) throw repeated("--listen <URL>")
        seen.listen = value!
        break
      case "out":
        if (seen.out !== undefined) throw repeated("--out <DIR>")
        seen.out = required(token, "--out <DIR>")
        break
      case "experimental":
        if (seen.experimental === true) throw repeated("--experimental")
        seen.experimental = true
        break
      default:
        auth.push(token)
    }
  }
  if (command !== undefined) {
    if (seen.out === undefined) {
      throw unexpected("the following required arguments were not provided:\n  --out <DIR>")
    }
    return { _tag: "Generate", what: command, out: seen.out, experimental: seen.experimental === true }
  }
  const listen = seen.listen === undefined ? undefined : ListenUrl.parse(seen.listen)
  if (listen?._tag === "Invalid") {
    throw withHelp(`invalid value '${seen.listen}' for '--listen <URL>': ${listen.problem}`)
  }
  return {
    _tag: "Serve",
    listen,
    overrides,
    strictConfig: seen.strictConfig === true,
    auth: AuthArguments.parse(auth)
  }
}

/** A `--listen` with nothing, or another flag, behind it gets the default. */
const withListenUrl = (words: ReadonlyArray<string>): Array<string> =>
  words.map((word, i) =>
    word === "--listen" && (words[i + 1] === undefined || words[i + 1]!.startsWith("-"))
      ? `--listen=${ListenUrl.DEFAULT_LISTEN_URL}`
      : word
  )
