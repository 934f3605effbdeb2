/**
 * Where the parts of a TOML document stand in its text. It reads no values and checks nothing: it takes only text
 * that a parser has accepted.
 */
import * as Toml from "smol-toml"

/** From `start` up to, but without, `end`; counted in UTF-16 units. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** One segment of a dotted key. */
export interface Key extends Span {
  readonly name: string
}

/** What stands right of `=`, or in an array. */
export interface Value extends Span {
  /** Of an array. */
  readonly items?: ReadonlyArray<Value>
  /** Of an inline table. */
  readonly members?: ReadonlyArray<Member>
}

/** `key = value`, in a section or in an inline table. */
export interface Member extends Span {
  readonly keys: ReadonlyArray<Key>
  readonly value: Value
}

/** A header and the members below it; the root's has no header. */
export interface Section {
  readonly header?: Span & { readonly keys: ReadonlyArray<Key>; readonly isElement: boolean }
  readonly members: Array<Member>
}

// the root's first line may start with a byte order mark
const BLANK = /(?:[ \t\r\n\ufeff]+|#[^\n]*)*/y
const KEY = /"(?:[^"\\]+|\\.)*"|'[^']*'|[\w-]+/y
const SCALAR = new RegExp(
  [
    /"""(?:[^"\\]+|\\[^]|"{1,2}(?!"))*"{3,5}/,
    /'''(?:[^']+|'{1,2}(?!'))*'{3,5}/,
    /"(?:[^"\\]+|\\.)*"/,
    /'[^']*'/,
    // a date and its time may have a space between them
    /[^\s,#\]}]+(?: \d[^\s,#\]}]*)?/
  ]
    .map((pattern) => pattern.source)
    .join("|"),
  "y"
)

/** The name that a segment of a key in TOML's notation has. */
const nameOf = (notation: string): string => {
  if (/^[\w-]/.test(notation)) return notation
  if (!notation.includes("\\")) return notation.slice(1, -1)
  return Object.keys(Toml.parse(`${notation} = 0`))[0]!
}

/** The sections in the order of the text; the first one is the root's. */
export const sections = (text: string): ReadonlyArray<Section> => {
  let at = 0

  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at
    const taken = pattern.exec(text)?.[0]
    if (taken === undefined) throw new Error(`no TOML at ${at}`)
    at += taken.length
    return taken
  }
  const takeBlank = () => take(BLANK)
  const takeMark = (mark: string): boolean => {
    takeBlank()
    const found = text.startsWith(mark, at)
    if (found) at += mark.length
    return found
  }

  const takeKey = (): Key => {
    takeBlank()
    const start = at
    return { name: nameOf(take(KEY)), start, end: at }
  }
  const takeKeys = (): ReadonlyArray<Key> => {
    const keys = [takeKey()]
    while (takeMark(".")) keys.push(takeKey())
    return keys
  }

  const takeMember = (): Member => {
    const keys = takeKeys()
    takeMark("=")
    const value = takeValue()
    return { keys, value, start: keys[0]!.start, end: at }
  }

  const takeList = <A>(close: string, takeOne: () => A): ReadonlyArray<A> => {
    const list: Array<A> = []
    while (!takeMark(close)) {
      list.push(takeOne())
      takeMark(",")
    }
    return list
  }

  const takeValue = (): Value => {
    takeBlank()
    const start = at
    if (takeMark("[")) return { items: takeList("]", takeValue), start, end: at }
    if (takeMark("{")) return { members: takeList("}", takeMember), start, end: at }
    take(SCALAR)
    return { start, end: at }
  }

  const takeHeader = (isElement: boolean): Section => {
    const start = at
    takeMark(isElement ? "[[" : "[")
    const keys = takeKeys()
    takeMark(isElement ? "]]" : "]")
    return { header: { keys, isElement, start, end: at }, members: [] }
  }

  const found: Array<Section> = [{ members: [] }]
  takeBlank()
  while (at < text.length) {
    if (text[at] === "[") found.push(takeHeader(text[at + 1] === "["))
    else found.at(-1)!.members.push(takeMember())
    takeBlank()
  }
  return found
}
