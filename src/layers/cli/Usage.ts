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
export const unexpected = (problem: string, usage = USAGE) => withHelp(problem, `${usage}\n\n`)
export const missingValue = (flag: string, hint = "") =>
  withHelp(`a value is required for '${flag}' but none was supplied${hint}`)
export const repeated = (flag: string, usage = USAGE) =>
  unexpected(`the argument '${flag}' cannot be used multiple times`, usage)

/** Another flag is no value. */
export const hasValue = ({ inlineValue, value }: Token): boolean =>
  value !== undefined && (inlineValue === true || !/^-./.test(value))

/** The value of a flag that needs one. */
export const required = (token: Token, flag: string, hint?: string): string => {
  if (!hasValue(token)) throw missingValue(flag, hint)
  const { inlineValue, rawName, value } = token
  return rawName === "-c" && inlineValue === true ? value!.replace(/^=/, "") : value!
}

/** Whether a flag without a value stands there; once at most. */
export const switchedOn = ([first, second]: ReadonlyArray<Token>, flag: string, usage = USAGE): boolean => {
  const value = first?.value
  if (value !== undefined)
    throw withHelp(`unexpected value '${value}' for '${flag}' found; no more were expected`)
  if (second !== undefined) throw repeated(flag, usage)
  return first !== undefined
}
