/** The flags that say what is logged on stderr, and how. */
import { repeated, required, withHelp, type Token } from "./Usage.ts"

const LEVELS = ["debug", "info", "warn", "error", "off"] as const
const FORMATS = ["logfmt", "json"] as const

export interface LogArguments {
  /** What is less important is left out. */
  readonly level: (typeof LEVELS)[number]
  readonly format: (typeof FORMATS)[number]
}

export const DEFAULT: LogArguments = { level: "info", format: "logfmt" }

const LEVEL = "--log-level <LEVEL>"
const FORMAT = "--log-format <FORMAT>"

/** For `util.parseArgs`. */
export const OPTIONS = { "log-level": { type: "string" }, "log-format": { type: "string" } } as const

export const HELP = `Log, on stderr:
      ${LEVEL}    How much: ${LEVELS.join(", ")} [default: ${DEFAULT.level}]
      ${FORMAT}  How: ${FORMATS.join(" or ")} [default: ${DEFAULT.format}]
`

const oneOf = <A extends string>(known: ReadonlyArray<A>, token: Token, flag: string): A => {
  const hint = `\n  [possible values: ${known.join(", ")}]`
  const value = required(token, flag, hint)
  const found = known.find((one) => one === value)
  if (found === undefined) throw withHelp(`invalid value '${value}' for '${flag}'${hint}`)
  return found
}

/** Reads the tokens of these flags. Throws `UsageError`. */
export const parse = (tokens: ReadonlyArray<Token>): LogArguments => {
  let level: LogArguments["level"] | undefined
  let format: LogArguments["format"] | undefined
  for (const token of tokens) {
    if (token.name === "log-level") {
      if (level !== undefined) throw repeated(LEVEL)
      level = oneOf(LEVELS, token, LEVEL)
    } else {
      if (format !== undefined) throw repeated(FORMAT)
      format = oneOf(FORMATS, token, FORMAT)
    }
  }
  return { level: level ?? DEFAULT.level, format: format ?? DEFAULT.format }
}
