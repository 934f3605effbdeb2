/** Base64 as RFC 4648 section 4 has it and nothing else: padded, canonical, no white space. */
import * as Result from "effect/Result"

const OUTSIDE_ALPHABET = /[^A-Za-z0-9+/]/
/** What may end a text: symbols, or in the last four two or three symbols and their padding. */
const PADDED_END = /^[^=]{2,3}=+$/

/** The text for these bytes, which are not copied first. */
export const encode = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64")

/** The bytes, or what is wrong with the text, in the words of the original. */
export const decode = (text: string): Result.Result<Uint8Array, string> => {
  const bytes = Buffer.from(text, "base64")
  // only the canonical form comes back as it was
  return bytes.toString("base64") === text ? Result.succeed(bytes) : Result.fail(problem(text))
}

const problem = (text: string): string => {
  // every byte that is not ASCII is outside of the alphabet, and named as such
  const bytes = Buffer.from(text).toString("latin1")
  const invalid = (offset: number) => `Invalid symbol ${bytes.charCodeAt(offset)}, offset ${offset}.`
  const rest = bytes.length % 4
  // the original looks at a last symbol that stands alone first
  if (rest === 1 && /[^A-Za-z0-9+/=]$/.test(bytes)) return invalid(bytes.length - 1)
  const end = bytes.length - (rest === 0 ? 4 : rest)
  const unpadded = PADDED_END.test(bytes.slice(end)) ? bytes.replace(/=+$/, "") : bytes
  const outside = unpadded.search(OUTSIDE_ALPHABET)
  if (outside >= 0) return invalid(outside)
  if (rest === 1) return `Invalid input length: ${bytes.length}`
  if (rest !== 0) return "Invalid padding"
  const last = unpadded.length - 1
  return `Invalid last symbol ${bytes.charCodeAt(last)}, offset ${last}.`
}
