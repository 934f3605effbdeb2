/** The `keyPath` of a write: segments between dots, of which one in double quotes may hold dots itself. */
import * as Result from "effect/Result"

export type KeyPath = readonly [string, ...Array<string>]

/**
 * Splits a key path. What is measured on Codex 0.169.0: a backslash in quotes takes the next character as it is,
 * single quotes and spaces mean nothing special, and text behind a closing quote belongs to the segment. Fails with
 * a sentence.
 */
export const parse = (keyPath: string): Result.Result<KeyPath, string> => {
  if (keyPath.trim() === "") return Result.fail("keyPath must not be empty")
  const segments: Array<string> = []
  let segment = ""
  let quoted = false
  let escaped = false
  for (const character of keyPath) {
    if (escaped) {
      segment += character
      escaped = false
    } else if (quoted) {
      if (character === "\\") escaped = true
      else if (character === '"') quoted = false
      else segment += character
    } else if (character === '"') {
      if (segment !== "") return Result.fail("invalid quoted keyPath segment")
      quoted = true
    } else if (character === ".") {
      segments.push(segment)
      segment = ""
    } else {
      segment += character
    }
  }
  if (quoted) return Result.fail("unterminated quoted keyPath segment")
  const [first = segment, ...others] = segments
  const path: KeyPath = segments.length === 0 ? [first] : [first, ...others, segment]
  return path.includes("") ? Result.fail("keyPath segments must not be empty") : Result.succeed(path)
}
