/** What a buffered answer makes of output bytes. Never fails. */

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true })

/** UTF-8, byte order mark and NUL included; what is no UTF-8 becomes U+FFFD. */
export const decode = (chunks: ReadonlyArray<Uint8Array>): string =>
  chunks.length === 0 ? "" : utf8.decode(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))

/** How many bytes a first byte announces; 1 for what is none, which is no UTF-8 by itself. */
const announced = (first: number) => (first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1)

/** How many bytes at the end may be the start of a character: the same comes of them with what follows or without. */
export const cutLength = (bytes: Uint8Array): number => {
  for (let length = 1; length <= Math.min(3, bytes.length); length++) {
    const byte = bytes[bytes.length - length]!
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return announced(byte) > length ? length : 0
  }
  return 0
}
