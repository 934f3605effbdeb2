/**
 * JSON text to values, without the losses of `JSON.parse`.
 *
 * `JSON.parse` does the work. One scan over the text finds what it hides: whole numbers written as fractions or
 * with exponents (they become `JsonFloat`), integers that a double cannot hold (they become `bigint`), escapes
 * of lone surrogates, nesting that is too deep, and members repeated at the top. Only a text with such numbers
 * is parsed a second time.
 */
import { JsonFloat } from "./Primitives.ts"

/** Arrays and objects within each other; one more is refused (measured on Codex 0.169.0). */
export const MAX_DEPTH = 128

export type LosslessJson =
  | { readonly _tag: "Success"; readonly value: unknown }
  | { readonly _tag: "Failure"; readonly reason: string }

const failure = (reason: string): LosslessJson => ({ _tag: "Failure", reason })

const enum Char {
  Quote = 34,
  Minus = 45,
  Zero = 48,
  Nine = 57,
  OpenBracket = 91,
  CloseBracket = 93,
  OpenBrace = 123,
  CloseBrace = 125
}

const LONE_SURROGATE =
  /\\u[dD][89aAbB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89aAbB][0-9a-fA-F]{2})\\u[dD][c-fC-F]/
const NUMBER = /-?\d+(\.\d+)?([eE][+-]?\d+)?/y
const COLON = /\s*:/y
/** So many digits may be more than a double holds. */
const MAX_EXACT_DIGITS = 15

/** Where a string that starts at `start` has its closing quote; the text is known to be valid JSON. */
const endOfString = (text: string, start: number): number => {
  let end = start
  for (;;) {
    end = text.indexOf('"', end + 1)
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === 92) backslashes++
    if (backslashes % 2 === 0) return end
  }
}

/** Parses `text`; at the top, the members in `unique` may stand only once. */
export const parse = (text: string, unique: ReadonlySet<string>): LosslessJson => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return failure("not JSON")
  }
  let depth = 0
  let firstEscape = text.indexOf("\\u")
  if (firstEscape < 0) firstEscape = text.length
  const seen = new Set<string>()
  const numbers: Array<{ readonly start: number; readonly token: string }> = []
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === Char.Quote) {
      const end = endOfString(text, i)
      if (end > firstEscape) {
        // an escaped backslash in front of a `u` is no escape
        if (LONE_SURROGATE.test(text.slice(i, end).replaceAll("\\\\", "  ")))
          return failure("a lone surrogate")
        firstEscape = text.indexOf("\\u", end)
        if (firstEscape < 0) firstEscape = text.length
      }
      COLON.lastIndex = end + 1
      if (depth === 1 && COLON.test(text)) {
        const key = JSON.parse(text.slice(i, end + 1)) as string
        if (unique.has(key) && seen.size === seen.add(key).size) return failure(`a second \`${key}\``)
      }
      i = end
    } else if (c === Char.OpenBrace || c === Char.OpenBracket) {
      if (++depth > MAX_DEPTH) return failure(`nested deeper than ${MAX_DEPTH} levels`)
    } else if (c === Char.CloseBrace || c === Char.CloseBracket) {
      depth--
    } else if (c === Char.Minus || (c >= Char.Zero && c <= Char.Nine)) {
      NUMBER.lastIndex = i
      const [token, fraction, exponent] = NUMBER.exec(text)!
      const hidden =
        fraction === undefined && exponent === undefined
          ? token.length > MAX_EXACT_DIGITS && !Number.isSafeInteger(Number(token))
          : Number.isInteger(Number(token))
      if (hidden) numbers.push({ start: i, token })
      i += token.length - 1
    }
  }
  return { _tag: "Success", value: numbers.length === 0 ? value : parseWith(text, numbers) }
}

/** Parses once more, with the given numbers as strings that no other string of the text looks like. */
const parseWith = (
  text: string,
  numbers: ReadonlyArray<{ readonly start: number; readonly token: string }>
) => {
  // a quote and the most that stand behind one: one more than any string starts with
  let length = 1
  for (const [run] of text.replaceAll("\\u0023", "#").matchAll(/"#+/g)) length = Math.max(length, run.length)
  const mark = "#".repeat(length)
  let marked = ""
  let from = 0
  for (const { start, token } of numbers) {
    marked += `${text.slice(from, start)}"${mark}${token}"`
    from = start + token.length
  }
  return JSON.parse(marked + text.slice(from), (_key, value: unknown) => {
    if (typeof value !== "string" || !value.startsWith(mark)) return value
    const token = value.slice(mark.length)
    return /[.eE]/.test(token) ? JsonFloat(Number(token)) : BigInt(token)
  }) as unknown
}
