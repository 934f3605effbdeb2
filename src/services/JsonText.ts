/**
 * The inside of a JSON string, made of output bytes in blocks: what `JSON.stringify` would print, in a third of its
 * time for ASCII, of which four bytes are looked at at once.
 */
import * as OutputText from "./OutputText.ts"

/** Bytes of a block: a few reads of 64 KiB, each twice as long if all of it has to be escaped. */
const BLOCK_BYTES = 512 * 1024
/** A backslash and a letter. */
const MAX_ESCAPED = 2
const BACKSLASH = 0x5c

const PLAIN = 0
/** Not ASCII, or a control character that has no letter. */
const OTHER = 1
/** By byte: how it is printed, or the letter behind the backslash. */
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x80) return OTHER
  const json = JSON.stringify(String.fromCharCode(byte))
  return json.length === 3 ? PLAIN : json.length === 4 ? json.charCodeAt(2) : OTHER
})

/** One byte in each place of four. */
const ONES = 0x01010101
const SPACES = 0x20202020
const QUOTES = 0x22222222
const BACKSLASHES = 0x5c5c5c5c
const TOP_BITS = 0x80808080

/** How many of four bytes come before the first that may need an escape: 4 if none does. The usual bit tricks: what borrows. */
const plainBytes = (four: number): number => {
  const quotes = four ^ QUOTES
  const backslashes = four ^ BACKSLASHES
  const special =
    (four | (four - SPACES) | ((quotes - ONES) & ~quotes) | ((backslashes - ONES) & ~backslashes)) & TOP_BITS
  return special === 0 ? 4 : (31 - Math.clz32(special & -special)) >> 3
}

export class JsonText {
  readonly #pieces: Array<Uint8Array> = []
  #block = new DataView(new ArrayBuffer(0))
  /** What of the block is a piece already, and what is written. */
  #start = 0
  #end = 0
  #sealedBytes = 0

  get bytes(): number {
    return this.#sealedBytes + this.#end - this.#start
  }

  /** Adds text. The bytes end where a character ends; what is no UTF-8 becomes U+FFFD. */
  add(bytes: Uint8Array): void {
    if (this.#block.byteLength - this.#end < bytes.length * MAX_ESCAPED) {
      this.#seal()
      const length = Math.max(BLOCK_BYTES, bytes.length * MAX_ESCAPED)
      this.#block = new DataView(Buffer.allocUnsafeSlow(length).buffer)
      this.#start = this.#end = 0
    }
    if (this.#addAscii(bytes)) return
    this.#seal()
    const json = Buffer.from(JSON.stringify(OutputText.decode([bytes])))
    this.#push(json.subarray(1, -1))
  }

  /** All that was added. */
  get pieces(): ReadonlyArray<Uint8Array> {
    this.#seal()
    return this.#pieces
  }

  /** False, and nothing is added, where a byte has no escape of its own. */
  #addAscii(bytes: Uint8Array): boolean {
    const block = this.#block
    const from = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    let end = this.#end
    for (let i = 0; i < bytes.length;) {
      if (i + 4 <= bytes.length) {
        const four = from.getInt32(i, true)
        block.setInt32(end, four, true)
        const plain = plainBytes(four)
        i += plain
        end += plain
        if (plain === 4) continue
      }
      const byte = bytes[i++]!
      const kind = KINDS[byte]!
      if (kind === OTHER) return false
      if (kind !== PLAIN) block.setUint8(end++, BACKSLASH)
      block.setUint8(end++, kind === PLAIN ? byte : kind)
    }
    this.#end = end
    return true
  }

  #seal(): void {
    if (this.#end === this.#start) return
    const length = this.#end - this.#start
    this.#push(new Uint8Array(this.#block.buffer, this.#start, length))
    this.#start = this.#end
  }

  #push(piece: Uint8Array): void {
    this.#sealedBytes += piece.length
    this.#pieces.push(piece)
  }
}
