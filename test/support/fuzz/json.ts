/** JSON text with what no value holds: numbers as they are written, repeated members, lone surrogates. */

/** Text that stands for a value as it is. */
export class Raw {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type Members = ReadonlyArray<readonly [name: string, value: unknown]>

/** An object of members that may be repeated. */
export const printMembers = (members: Members): string =>
  `{${members.map(([name, value]) => `${JSON.stringify(name)}:${print(value)}`).join(",")}}`

export const print = (value: unknown): string => {
  if (value instanceof Raw) return value.text
  if (typeof value === "bigint") return String(value)
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null)
  return Array.isArray(value) ? `[${value.map(print).join(",")}]` : printMembers(Object.entries(value))
}

/** Arrays within each other. */
export const nested = (depth: number): Raw => new Raw("[".repeat(depth) + "]".repeat(depth))

/** How deep a message may be. */
const MAX_DEPTH = 128

/** Whether a text that is JSON has only strings of Unicode, and is not too deep: else no server reads it. */
export const isReadable = (text: string): boolean => {
  let isUnicode = true
  const rest = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, (token) => {
    if (token.includes("\\ud")) {
      const string = JSON.parse(token) as string
      isUnicode &&= Buffer.from(string).toString() === string
    }
    return ""
  })
  let depth = 0
  let deepest = 0
  for (const character of rest) {
    if (character === "[" || character === "{") deepest = Math.max(deepest, ++depth)
    else if (character === "]" || character === "}") depth--
  }
  return isUnicode && deepest <= MAX_DEPTH
}

/** A copy of what was generated, as it comes from the wire: texts without lone surrogates, finite numbers. */
export const onWire = (value: unknown): unknown => {
  if (typeof value === "string") return Buffer.from(value).toString()
  if (typeof value !== "object" || value === null) return value
  return Array.isArray(value)
    ? value.map(onWire)
    : Object.fromEntries(Object.entries(value).map(([key, item]) => [onWire(key), onWire(item)]))
}
