/**
 * Text that is printed as JSON while it comes, each part while it is in the processor's cache. To decode, print and
 * encode megabytes at the end takes three times as long, and nothing else is served meanwhile.
 *
 * Who reads a message that has such texts finds strings; who sends it takes their JSON as it is.
 */
import { JsonText } from "./JsonText.ts"
import * as OutputText from "./OutputText.ts"

/** The longest string of V8, which no receiver's message can exceed either. */
const MAX_TEXT_BYTES = 2 ** 29 - 24

const NOTHING = new Uint8Array(0)

export class LongText {
  #json = new JsonText()
  /** The start of a character whose end has not come. */
  #cut = NOTHING
  #tooLong = false

  /** Adds UTF-8, wherever it is cut; what is no UTF-8 becomes U+FFFD. */
  push(bytes: Uint8Array): void {
    const all = this.#cut.length === 0 ? bytes : Buffer.concat([this.#cut, bytes])
    const end = all.length - OutputText.cutLength(all)
    this.#cut = end === all.length ? NOTHING : new Uint8Array(all.subarray(end))
    this.#add(all.subarray(0, end))
  }

  /** Nothing more comes. */
  end(): void {
    this.#add(this.#cut)
    this.#cut = NOTHING
  }

  #add(bytes: Uint8Array): void {
    if (this.#tooLong) return
    this.#json.add(bytes)
    if (this.#json.bytes <= MAX_TEXT_BYTES) return
    this.#tooLong = true
    this.#json = new JsonText()
  }

  /** The inside of a JSON string. Throws where it fits into no message. */
  get json(): ReadonlyArray<Uint8Array> {
    if (this.#tooLong) throw new RangeError("Invalid string length")
    return this.#json.pieces
  }

  toString(): string {
    return JSON.parse(`"${Buffer.concat(this.json).toString()}"`) as string
  }
}

/** What stands for a text where a message is printed: no other string of the wire has a lone surrogate. */
const mark = (member: string) => `\ud800${member}`
const MARK = /\\ud800([A-Za-z]+)/

/** A message with marks in place of its texts, and the texts by the names of their members. */
interface Origin {
  readonly marked: object
  readonly texts: ReadonlyMap<string, LongText>
}
const origins = new WeakMap<object, Origin>()

const hasLong = (texts: Readonly<Record<string, string | LongText>>): boolean => {
  for (const member in texts) if (typeof texts[member] !== "string") return true
  return false
}

/** A message with these texts as members. */
export const message = <A extends object, K extends string>(
  others: A,
  texts: Readonly<Record<K, string | LongText>>
): A & Readonly<Record<K, string>> => {
  const message: Record<string, unknown> = { ...others, ...texts }
  if (!hasLong(texts)) return message as A & Readonly<Record<K, string>>
  const marked = { ...message }
  const long = new Map<string, LongText>()
  for (const member of Object.keys(texts) as Array<K>) {
    const text = texts[member]
    if (typeof text === "string") continue
    long.set(member, text)
    marked[member] = mark(member)
    Object.defineProperty(message, member, { enumerable: true, get: () => text.toString() })
  }
  origins.set(message, { marked, texts: long })
  return message as A & Readonly<Record<K, string>>
}

/** How many bytes these pieces are together. */
export const lengthOf = (pieces: ReadonlyArray<Uint8Array>): number =>
  pieces.reduce((length, piece) => length + piece.length, 0)

/** Prints a message: in one piece by `print`, or if it has long texts, around these. Throws where it fits into no string. */
export const print = <A>(message: A, print: (message: A) => string): string | ReadonlyArray<Uint8Array> => {
  const origin = typeof message === "object" && message !== null ? origins.get(message) : undefined
  if (origin === undefined) return print(message)
  // every second part is the name of a member
  const parts = print(origin.marked as A).split(MARK)
  const pieces = parts.flatMap((part, i) =>
    i % 2 === 0 ? [Buffer.from(part)] : origin.texts.get(part)!.json
  )
  if (lengthOf(pieces) > MAX_TEXT_BYTES) throw new RangeError("Invalid string length")
  return pieces
}
