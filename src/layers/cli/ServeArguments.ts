/** The flags of the server itself. What they mean together is judged when it starts. */
import * as AuthArguments from "./AuthArguments.ts"
import * as ListenUrl from "./ListenUrl.ts"
import * as LogArguments from "./LogArguments.ts"
import { repeated, required, switchedOn, withHelp, type Token } from "./Usage.ts"

export interface ServeArguments {
  readonly listen: Exclude<ListenUrl.ListenUrl, { readonly _tag: "Invalid" }>
  readonly overrides: ReadonlyArray<string>
  readonly strictConfig: boolean
  /** Whether `GET /metrics` is answered. */
  readonly metrics: boolean
  readonly log: LogArguments.LogArguments
  readonly auth: AuthArguments.AuthArguments
}

/** For `util.parseArgs`. */
export const OPTIONS = {
  listen: { type: "string" },
  stdio: { type: "boolean" },
  config: { type: "string", short: "c", multiple: true },
  "strict-config": { type: "boolean" },
  metrics: { type: "boolean" },
  ...LogArguments.OPTIONS,
  ...AuthArguments.OPTIONS
} as const

export const HELP = `Where clients come in:
      --listen <URL>            stdio://      one client, JSON lines on stdin and stdout [default]
                                ws://IP:PORT  WebSockets; port 0 lets the system choose
                                              [without a URL: ${ListenUrl.DEFAULT_LISTEN_URL}]
                                unix://PATH   WebSockets on a unix socket that only you can open
                                unix://       the same, below $CODEX_HOME
      --stdio                   The same as --listen stdio://

Configuration:
  -c, --config <key=value>      Override a value; the key is dotted, the value TOML or else text; repeatable
      --strict-config           Do not start with a configuration that is wrong or has unknown keys

${LogArguments.HELP}
Metrics:
      --metrics                 Answer GET /metrics, for Prometheus, where clients come in; not on stdio://

${AuthArguments.HELP}`

const LISTEN = "--listen <URL>"
const STDIO = "--stdio"
const METRICS = "--metrics"

const listenUrl = (token: Token): ServeArguments["listen"] => {
  const url = token.value!
  const parsed = ListenUrl.parse(url)
  if (parsed._tag === "Invalid") {
    throw withHelp(`invalid value '${url}' for '${LISTEN}': ${parsed.problem}`)
  }
  return parsed
}

/** Both flags say where to listen, so at most one may stand there, once. */
const listen = (tokens: ReadonlyArray<Token>): ServeArguments["listen"] => {
  const [first, second] = tokens
  if (first === undefined) return { _tag: "Stdio" }
  const shown = ({ name }: Token) => (name === "stdio" ? STDIO : LISTEN)
  if (second !== undefined) {
    if (first.name === second.name) throw repeated(shown(first))
    throw withHelp(
      `the argument '${shown(first)}' cannot be used with '${shown(second)}'`,
      `Usage: effect-app-server ${shown(first)}\n\n`
    )
  }
  if (first.name === "listen") return listenUrl(first)
  switchedOn([first], STDIO)
  return { _tag: "Stdio" }
}

/** There is no page on stdio. */
const metrics = (tokens: ReadonlyArray<Token>, { _tag }: ServeArguments["listen"]): boolean => {
  const asked = switchedOn(tokens, METRICS)
  if (asked && _tag === "Stdio") {
    throw withHelp(`'${METRICS}' answers HTTP; use it with '--listen ws://IP:PORT' or '--listen unix://PATH'`)
  }
  return asked
}

/** Reads the tokens of these flags. Throws `UsageError`. */
export const parse = (tokens: ReadonlyArray<Token>): ServeArguments => {
  const of = (...names: ReadonlyArray<string>) => tokens.filter(({ name }) => names.includes(name!))
  const where = listen(of("listen", "stdio"))
  return {
    listen: where,
    overrides: of("config").map((token) => required(token, "--config <key=value>")),
    strictConfig: switchedOn(of("strict-config"), "--strict-config"),
    metrics: metrics(of("metrics"), where),
    log: LogArguments.parse(of(...Object.keys(LogArguments.OPTIONS))),
    auth: AuthArguments.parse(of(...AuthArguments.NAMES))
  }
}
