/** Strings as C takes many of them: an array of pointers that a null pointer ends, in one piece of memory with the strings. */

/** Where the bytes of a buffer are; as long as it is there they do not move. */
export type AddressOf = (buffer: Buffer) => bigint

const POINTER_BYTES = 8
const NUL = 1

/** `char *[]`. Each string ends at its first NUL. */
export const make = (strings: ReadonlyArray<string>, addressOf: AddressOf): Buffer => {
  const lengths = strings.map((string) => Buffer.byteLength(string) + NUL)
  const pointers = (strings.length + 1) * POINTER_BYTES
  const memory = Buffer.alloc(pointers + lengths.reduce((sum, length) => sum + length, 0))
  const words = new BigUint64Array(memory.buffer, memory.byteOffset, strings.length)
  const start = addressOf(memory)
  let at = pointers
  strings.forEach((string, i) => {
    words[i] = start + BigInt(at)
    memory.write(string, at)
    at += lengths[i]!
  })
  return memory
}
