/** TOML documents in every form that a person may give them, each with its value. */
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"
import { isSame, isTable, setAt, valueAt } from "../../src/services/ConfigLayers.ts"

const date = (text: string) => ({ $__toml_private_datetime: text })

/** What TOML has notations for that a printer would not choose. */
const NOTATIONS: ReadonlyArray<readonly [notation: string, value: Schema.Json]> = [
  ["0xff", 255],
  ["+1_000", 1000],
  ["1.0", 1],
  ["6.02e23", 6.02e23],
  ["9223372036854775807", 2 ** 63],
  ["1979-05-27", date("1979-05-27")],
  ["1979-05-27 07:32:00", date("1979-05-27T07:32:00")],
  ["1979-05-27T00:32:00.5-07:00", date("1979-05-27T00:32:00.5-07:00")],
  ["07:32:00", date("07:32:00")],
  ["'''\n# no comment\n[no.header]'''", "# no comment\n[no.header]"],
  ['"""\\\n   "quoted" \\u0041\n\n"""', '"quoted" A\n\n'],
  ['""""""""', '""'],
  ["''''a''''", "'a'"]
]

const Name = Schema.Literals(["a", "b", "c", "D_e-1", "2", "f g", "", '"\n', "é'", "\\", "]", "#"])
/** JSON has no -0. */
const positive0 = Schema.makeFilter((number: number) => !Object.is(number, -0))
const Scalar = Schema.Union([
  Schema.Literals([
    "",
    "it's",
    `'"'''"""`,
    "C:\\x",
    "l1\nl2\n",
    "\r\n\t",
    "é😀",
    "\0\x7f",
    "C:\\new\n\0",
    "# x",
    "]",
    '"'
  ]),
  Schema.String.check(Schema.isPattern(/^[ -~]{0,8}$/)),
  Schema.Boolean,
  Schema.Int.check(positive0),
  Schema.Finite.check(positive0)
])
const few = { maxLength: 3 }
const oneOf = <A>(...arbitraries: ReadonlyArray<Arbitrary.Arbitrary<A>>): Arbitrary.Arbitrary<A> =>
  Arbitrary.flatMap(
    Arbitrary.schema(Schema.Literals([...arbitraries.keys()])),
    (index) => arbitraries[index]!
  )
const Scalars = oneOf<Schema.Json>(
  Arbitrary.schema(Scalar),
  Arbitrary.map(Arbitrary.schema(Schema.Literals([...NOTATIONS.keys()])), (index) => NOTATIONS[index]![1])
)
const Items = oneOf<Schema.Json>(Scalars, Arbitrary.array(Scalars, few))

const tables = (values: Arbitrary.Arbitrary<Schema.Json>): Arbitrary.Arbitrary<Schema.JsonObject> =>
  Arbitrary.map(Arbitrary.array(Arbitrary.all([Arbitrary.schema(Name), values]), few), (members) =>
    Object.fromEntries(members)
  )
const Tables = tables(oneOf<Schema.Json>(Items, tables(Items)))

/** Values of any form, but not large. */
export const Values: Arbitrary.Arbitrary<Schema.Json> = oneOf<Schema.Json>(
  Items,
  Tables,
  Arbitrary.array(Items, few),
  Arbitrary.array(Tables, few)
)
export const Path = Schema.NonEmptyArray(Name).check(Schema.isMaxLength(4))
const Members = Arbitrary.array(Arbitrary.all({ path: Arbitrary.schema(Path), value: Values }), {
  maxLength: 12
})

/** Whether something may be put at `path`. */
export const hasRoom = (table: Schema.JsonObject, path: ReadonlyArray<string>): boolean =>
  path.every((_, depth) => {
    const parent = valueAt(table, path.slice(0, depth))
    return parent === undefined || isTable(parent)
  })

const isElements = (value: Schema.Json): value is ReadonlyArray<Schema.JsonObject> =>
  Array.isArray(value) && value.length > 0 && value.every(isTable)

/** Numbers that look random, and are all 0 for the seed 0. */
const picker = (seed: number) => {
  let state = seed
  return (choices: number) => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d)
    state = Math.imul(state ^ (state >>> 12), 0x297a2d39) ^ Math.imul(seed, 0x9e3779b9)
    return (state >>> 3) % choices
  }
}

/** Comments have numbers, so that one can see which are left: `#7;`. */
export const comments = (text: string): ReadonlyArray<string> => text.match(/#\d+;/g) ?? []

/** The text of a table; each seed gives other forms, comments and spaces, and 0 the plainest ones. */
const print = (table: Schema.JsonObject, seed: number): string => {
  const pick = picker(seed)
  const oneOf = <A>(...choices: readonly [A, ...Array<A>]): A => choices[pick(choices.length)]!
  const newline = oneOf("\n", "\n", "\r\n")
  let numbered = 0
  const comment = () => `#${numbered++}; ${oneOf("", `"`, "[x]", "'''", "é😀 = 1")}`
  const gap = () => oneOf("", " ", "\t ")
  const lineEnd = () => oneOf("", "", gap() + comment()) + newline
  const above = () =>
    oneOf("", "", newline, gap() + comment() + newline, newline + comment() + newline + newline)

  const escaped = (text: string) =>
    JSON.stringify(text).replaceAll("\x7f", "\\u007f").replace("a", oneOf("a", "\\u0061"))
  const key = (name: string) =>
    oneOf(
      /^[\w-]+$/.test(name) ? name : escaped(name),
      escaped(name),
      /['\n]/.test(name) ? escaped(name) : `'${name}'`
    )
  const keys = (path: ReadonlyArray<string>) => path.map(key).join(oneOf(".", ".", " .\t"))
  /** Between the parts of an array. */
  const loose = () => oneOf("", " ", "", gap() + comment() + newline, newline + newline)

  const value = (content: Schema.Json): string => {
    const other = NOTATIONS.filter(([, value]) => isSame(value, content))
    if (other.length > 0 && (typeof content === "object" || pick(2) === 1)) return other[0]![0]
    if (Array.isArray(content)) {
      const items = content.map((item) => loose() + value(item) + loose())
      return `[${items.join(",")}${items.length > 0 ? oneOf("", "", ",") : ""}${loose()}]`
    }
    if (isTable(content)) {
      return `{${gap()}${Object.entries(content)
        .map(([name, inner]) => member([name], inner))
        .join(`${gap()},${gap()}`)}${gap()}}`
    }
    if (typeof content === "number" && !Number.isSafeInteger(content)) return content.toExponential()
    if (typeof content !== "string") return `${content}`
    return oneOf(escaped(content), /['\n\r\0\x7f]/.test(content) ? escaped(content) : `'${content}'`)
  }
  const member = (path: ReadonlyArray<string>, content: Schema.Json): string =>
    `${keys(path)}${gap()}=${oneOf(" ", gap())}${value(content)}`
  const statement = (text: string) => above() + gap() + text + lineEnd()

  /** The lines of a table that stand together, and what stands in sections of its own. */
  const split = (path: ReadonlyArray<string>, content: Schema.JsonObject) => {
    let own = ""
    const apart: Array<string> = []
    for (const [name, inner] of Object.entries(content)) {
      const form =
        isTable(inner) || isElements(inner) ? oneOf("section", "inline", "section", "dotted") : "inline"
      if (form === "dotted" && isTable(inner) && Object.keys(inner).length > 0) own += dotted([name], inner)
      else if (form !== "section") own += statement(member([name], inner))
      else if (isTable(inner)) apart.push(...table_([...path, name], inner))
      else
        apart.push(
          (inner as ReadonlyArray<Schema.JsonObject>).map((item) => element([...path, name], item)).join("")
        )
    }
    return { own, apart }
  }
  const dotted = (prefix: ReadonlyArray<string>, content: Schema.JsonObject): string =>
    Object.entries(content)
      .map(([name, inner]) => {
        const path = [...prefix, name]
        const deeper = isTable(inner) && Object.keys(inner).length > 0 && pick(2) === 1
        return deeper ? dotted(path, inner) : statement(member(path, inner))
      })
      .join("")
  const header = (open: string, path: ReadonlyArray<string>, close: string) =>
    statement(`${open}${gap()}${keys(path)}${gap()}${close}`)
  const table_ = (path: ReadonlyArray<string>, content: Schema.JsonObject): ReadonlyArray<string> => {
    const { apart, own } = split(path, content)
    const implied = own === "" && apart.length > 0 && pick(2) === 1
    return implied ? apart : [header("[", path, "]") + own, ...apart]
  }
  const element = (path: ReadonlyArray<string>, content: Schema.JsonObject): string => {
    const { apart, own } = split(path, content)
    return header("[[", path, "]]") + own + apart.join("")
  }

  const { apart, own } = split([], table)
  // tables may stand anywhere, with those in them elsewhere
  const mixed = apart.map((text) => ({ text, rank: pick(1000) })).sort((a, b) => a.rank - b.rank)
  const text = own + mixed.map(({ text }) => text).join("") + above()
  return oneOf("", "", "", "\ufeff") + (pick(4) === 1 ? text.replace(/\r?\n$/, "") : text)
}

/** A document and its value. */
export const Documents: Arbitrary.Arbitrary<{ readonly text: string; readonly table: Schema.JsonObject }> =
  Arbitrary.map(
    Arbitrary.all({ members: Members, seed: Arbitrary.schema(Schema.Int) }),
    ({ members, seed }) => {
      const table = members.reduce<Schema.JsonObject>(
        (table, { path, value }) => (hasRoom(table, path) ? setAt(table, path, value) : table),
        {}
      )
      return { table, text: print(table, seed) }
    }
  )
