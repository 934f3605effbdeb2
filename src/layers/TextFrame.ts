/**
 * A small text message as one WebSocket frame in one piece (RFC 6455, 5.2): `ws` writes header and payload apart,
 * which costs a round trip on loopback a fifteenth of its time (measured).
 */

/** FIN, and the opcode of text. */
const FINAL_TEXT = 0x81
/** Longest payload whose length fits into the second byte, and what stands there for two bytes of length. */
const MAX_LENGTH_7 = 125
const LENGTH_16 = 126

/** Characters up to which a text is small: in UTF-8 three times as many bytes at most, which two bytes can count. */
export const MAX_SMALL_TEXT = 16 * 1024

/** The frame of a small text, not masked, as a server sends it. */
export const make = (text: string): Buffer => {
  const length = Buffer.byteLength(text)
  const header = length <= MAX_LENGTH_7 ? 2 : 4
  const frame = Buffer.allocUnsafe(header + length)
  frame[0] = FINAL_TEXT
  if (header === 2) frame[1] = length
  else {
    frame[1] = LENGTH_16
    frame.writeUInt16BE(length, 2)
  }
  frame.write(text, header)
  return frame
}
