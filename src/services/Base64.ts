/** Base64 as RFC 4648 section 4 has it and nothing else: padded, canonical, no white space. */
import * as Result from "effect/Result"

const ALPHABET = /[^A-Za-z0-9+/]/

/** The bytes, or what is wrong with the text, in the words of the original. */
export const decode = (text: string): Result.Result<Uint8Array, string> => {
  const bytes = Buffer.from(text, "base64")
  // only the canonical form comes back as it was
  return bytes.toString("base64") === text ? Result.succeed(bytes) : Result.fail(problem(text))
}

const problem = (text: string): string => {
  const unpadded = text.replace(/={1,2}$/, "")
  const invalid = unpadded.search(ALPHABET)
  if (invalid >= 0) return `Invalid symbol ${text.charCodeAt(invalid)}, offset ${invalid}.`
  if (text.length % 4 !== 0 || unpadded.length % 4 === 1) return "Invalid padding"
  const last = unpadded.length - 1
  return `Invalid last symbol ${text.charCodeAt(last)}, offset ${last}.`
}
