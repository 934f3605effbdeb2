/** What a buffered answer makes of output bytes. Never fails. */

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true })

/** UTF-8, byte order mark and NUL included; what is no UTF-8 becomes U+FFFD. */
export const decode = (chunks: ReadonlyArray<Uint8Array>): string =>
  chunks.length === 0 ? "" : utf8.decode(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))
