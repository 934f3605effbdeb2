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
  Space = 32,
  Quote = 34,
  Minus = 45,
  Point = 46,
  Zero = 48,
  Nine = 57,
  Colon = 58,
  E = 69,
  OpenBracket = 91,
  CloseBracket = 93,
  e = 101,
  OpenBrace = 123,
  CloseBrace = 125
}

const LONE_SURROGATE =
  /\\u[dD][89aAbB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89aAbB][0-9a-fA-F]{2})\\u[dD][c-fC-F]/
const NUMBER = /-?\d+(\.\d+)?([eE][+-]?\d+)?/y
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

const isDigit = (c: number) => c >= Char.Zero && c <= Char.Nine

/** Whether what stands before `at` is the name of a member; the text is known to be valid JSON. */
const isName = (text: string, at: number): boolean => {
  let c = text.charCodeAt(at)
  while (c <= Char.Space) c = text.charCodeAt(++at)
  return c === Char.Colon
}

/** What is written between the quotes at `start` and `end`. */
const stringAt = (text: string, start: number, end: number): string => {
  const inside = text.slice(start + 1, end)
  return inside.includes("\\") ? (JSON.parse(`"${inside}"`) as string) : inside
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
  let seen: Set<string> | undefined
  let numbers: Array<HiddenNumber> | undefined
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
      if (depth === 1 && isName(text, end + 1)) {
        const key = stringAt(text, i, end)
        if (unique.has(key)) {
          seen ??= new Set()
          if (seen.size === seen.add(key).size) return failure(`a second \`${key}\``)
        }
      }
      i = end
    } else if (c === Char.OpenBrace || c === Char.OpenBracket) {
      if (++depth > MAX_DEPTH) return failure(`nested deeper than ${MAX_DEPTH} levels`)
    } else if (c === Char.CloseBrace || c === Char.CloseBracket) {
      depth--
    } else if (c === Char.Minus || isDigit(c)) {
      let end = i + 1
      while (isDigit(text.charCodeAt(end))) end++
      const next = text.charCodeAt(end)
      if (end - i <= MAX_EXACT_DIGITS && next !== Char.Point && next !== Char.E && next !== Char.e) {
        i = end - 1
        continue
      }
      NUMBER.lastIndex = i
      const [token, fraction, exponent] = NUMBER.exec(text)!
      const hidden =
        fraction === undefined && exponent === undefined
          ? token.length > MAX_EXACT_DIGITS && !Number.isSafeInteger(Number(token))
          : Number.isInteger(Number(token))
      if (hidden) (numbers ??= []).push({ start: i, token })
      i += token.length - 1
    }
  }
  return { _tag: "Success", value: numbers === undefined ? value : parseWith(text, numbers) }
}

/** A number that `JSON.parse` does not give as it is written. */
interface HiddenNumber {
  readonly start: number
  readonly token: string
}

/** Parses once more, with the given numbers as strings that no other string of the text looks like. */
const parseWith = (text: string, numbers: ReadonlyArray<HiddenNumber>) => {
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
