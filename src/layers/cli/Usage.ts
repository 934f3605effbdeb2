/** How wrong usage is told, in the words and with the exit code of the original's `clap`. */
import * as Data from "effect/Data"

/** Exit code 2, on stderr. */
export class UsageError extends Data.TaggedError("UsageError")<{ readonly message: string }> {}

export const USAGE = "Usage: effect-app-server [OPTIONS] [COMMAND]"

/** A word of the command line, as `util.parseArgs` finds it. */
export interface Token {
  readonly kind: string
  readonly name?: string
  readonly rawName?: string
  readonly value?: string | undefined
  /** Whether the value stands in the same word. */
  readonly inlineValue?: boolean | undefined
}

export const withHelp = (problem: string, usage = "") =>
  new UsageError({ message: `error: ${problem}\n\n${usage}For more information, try '--help'.` })
export const unexpected = (problem: string) => withHelp(problem, `${USAGE}\n\n`)
export const missingValue = (flag: string, hint = "") =>
  withHelp(`a value is required for '${flag}' but none was supplied${hint}`)
export const repeated = (flag: string) => unexpected(`the argument '${flag}' cannot be used multiple times`)

/** The value of a flag that needs one: another flag is none. */
export const required = ({ inlineValue, rawName, value }: Token, flag: string, hint?: string): string => {
  if (value === undefined || (inlineValue === false && /^-./.test(value))) throw missingValue(flag, hint)
  return rawName === "-c" && inlineValue === true ? value.replace(/^=/, "") : value
}
