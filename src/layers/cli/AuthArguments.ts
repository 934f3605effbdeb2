/** The flags that say who may connect. What they mean together is judged when the server starts. */
import * as AllowedOrigins from "../AllowedOrigins.ts"
import { missingValue, repeated, required, withHelp, type Token } from "./Usage.ts"

const MODES = ["capability-token", "signed-bearer-token"] as const
export type Mode = (typeof MODES)[number]
const MODES_HINT = `\n  [possible values: ${MODES.join(", ")}]`

export interface AuthArguments {
  readonly mode: Mode | undefined
  readonly tokenFile: string | undefined
  readonly tokenSha256: string | undefined
  readonly sharedSecretFile: string | undefined
  readonly issuer: string | undefined
  readonly audience: string | undefined
  /** An unsigned 64-bit integer. */
  readonly maxClockSkewSeconds: bigint | undefined
  readonly allowedOrigins: ReadonlyArray<string>
}

/** Each with the name that stands for its value. */
const FLAGS = {
  "ws-auth": "MODE",
  "ws-token-file": "PATH",
  "ws-token-sha256": "HEX",
  "ws-shared-secret-file": "PATH",
  "ws-issuer": "ISSUER",
  "ws-audience": "AUDIENCE",
  "ws-max-clock-skew-seconds": "SECONDS",
  "allow-origin": "ORIGIN"
} as const
type Flag = keyof typeof FLAGS

export const NAMES = Object.keys(FLAGS) as ReadonlyArray<Flag>
/** For `util.parseArgs`. */
export const OPTIONS = Object.fromEntries(NAMES.map((name) => [name, { type: "string" } as const]))

export const HELP = `Who may connect:
      --ws-auth <MODE>                       Ask clients for a bearer token: ${MODES.join(" or ")}
      --ws-token-file <PATH>                 The capability token, in a file
      --ws-token-sha256 <HEX>                The SHA-256 digest of the capability token, in place of the file
      --ws-shared-secret-file <PATH>         The secret that signs JWTs (HS256), at least 32 bytes, in a file
      --ws-issuer <ISSUER>                   The \`iss\` that JWTs must have
      --ws-audience <AUDIENCE>               The \`aud\` that JWTs must have, or have among others
      --ws-max-clock-skew-seconds <SECONDS>  How far the clocks of JWTs may be off [default: 30]
      --allow-origin <ORIGIN>                Let pages of this origin connect, too; needs --ws-auth; repeatable
`

const U64 = 2n ** 64n

const seconds = (value: string, shown: string): bigint => {
  const invalid = (why: string) => withHelp(`invalid value '${value}' for '${shown}': ${why}`)
  if (value === "") throw invalid("cannot parse integer from empty string")
  if (!/^\+?\d+$/.test(value)) throw invalid("invalid digit found in string")
  const number = BigInt(value.replace("+", ""))
  if (number >= U64) throw invalid("number too large to fit in target type")
  return number
}

const mode = (value: string, shown: string): Mode => {
  const known = MODES.find((mode) => mode === value)
  if (known === undefined) throw withHelp(`invalid value '${value}' for '${shown}'${MODES_HINT}`)
  return known
}

const origin = (value: string, shown: string): string => {
  const problem = AllowedOrigins.problem(value)
  if (problem !== undefined) throw withHelp(`invalid value '${value}' for '${shown}': ${problem}`)
  return value
}

const shown = (flag: Flag) => `--${flag} <${FLAGS[flag]}>`

/** Reads the tokens of these flags. Throws `UsageError`. */
export const parse = (tokens: ReadonlyArray<Token>): AuthArguments => {
  const given = new Map<string, string>()
  const allowedOrigins: Array<string> = []
  for (const token of tokens) {
    const flag = token.name as Flag
    const value = required(token, shown(flag), flag === "ws-auth" ? MODES_HINT : "")
    if (value === "" && FLAGS[flag] === "PATH") throw missingValue(shown(flag))
    if (flag === "allow-origin") {
      allowedOrigins.push(origin(value, shown(flag)))
      continue
    }
    if (given.has(flag)) throw repeated(shown(flag))
    given.set(flag, value)
  }
  const read = <A>(flag: Flag, as: (value: string, shown: string) => A): A | undefined => {
    const value = given.get(flag)
    return value === undefined ? undefined : as(value, shown(flag))
  }
  const text = (flag: Flag) => read(flag, (value) => value)
  return {
    mode: read("ws-auth", mode),
    tokenFile: text("ws-token-file"),
    tokenSha256: text("ws-token-sha256"),
    sharedSecretFile: text("ws-shared-secret-file"),
    issuer: text("ws-issuer"),
    audience: text("ws-audience"),
    maxClockSkewSeconds: read("ws-max-clock-skew-seconds", seconds),
    allowedOrigins
  }
}
