import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Toml from "smol-toml"
import * as TomlDocument from "../../src/layers/TomlDocument.ts"
import {
  isSame,
  isTable,
  merge,
  type Position,
  type Range,
  setAt,
  tableToJson,
  valueAt
} from "../../src/services/ConfigLayers.ts"
import { RUNS } from "../support/runs.ts"
import { comments, Documents, hasRoom, Path, Values } from "../support/tomlTexts.ts"

const runs = { arbitrary: { runs: RUNS } }

type Table = Schema.JsonObject
type Names = ReadonlyArray<string>
type Edit = TomlDocument.Edit

const parse = (text: string) => Result.getOrThrow(TomlDocument.parse(text))
const set = (
  text: string,
  path: string,
  value: Schema.Json,
  mergeStrategy: Edit["mergeStrategy"] = "replace"
) => TomlDocument.edit(text, [{ path: path.split(".") as [string], value, mergeStrategy }])

/** What a range covers, in UTF-16 units. */
const spanOf = (text: string, range: Range | undefined) => {
  const lines = text.split("\n")
  const index = ({ column, line }: Position) =>
    [...lines.slice(0, line - 1), ""].join("\n").length +
    [...lines[line - 1]!].slice(0, column - 1).join("").length
  assert.isDefined(range)
  return { start: index(range!.start), end: index(range!.end) + 1 }
}
const slice = (text: string, range: Range | undefined) => {
  const { end, start } = spanOf(text, range)
  return text.slice(start, end)
}

/** The paths of all that is in a value. */
const paths = (value: unknown, prefix: Names = []): ReadonlyArray<Names> => {
  if (!isTable(value) && !Array.isArray(value)) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const path = [...prefix, name]
    return [path].concat(paths(inner, path) as Array<Array<string>>)
  })
}

/** Whether something is written right of a `=`, or in an array. */
const isWritten = (text: string, table: Table, path: Names) => {
  const { keyRange, valueRange } = parse(text)
  const value = valueAt(table, path)
  const isElements = Array.isArray(value) && value.length > 0 && value.every(isTable)
  const { start } = spanOf(text, valueRange(path))
  const name = keyRange(path)
  const isNamed = name !== undefined && spanOf(text, name).start === start
  return isElements ? !text.startsWith("[[", start) : isTable(value) ? text[start] === "{" && !isNamed : true
}

const removeAt = (table: Table, [name, ...rest]: Names): Table =>
  Object.fromEntries(
    Object.entries(table).flatMap(([key, value]): ReadonlyArray<[string, Schema.Json]> => {
      if (key !== name) return [[key, value]]
      return rest.length === 0 ? [] : [[key, isTable(value) ? removeAt(value, rest) : value]]
    })
  )

/** What an edit may make of a table: one that is only implied by what is removed may go with it. */
const outcomes = (table: Table, { mergeStrategy, path, value }: Edit): ReadonlyArray<Table> => {
  const old = valueAt(table, path) as Schema.Json | undefined
  if (value !== null) {
    const merges = mergeStrategy === "upsert" && isTable(old) && isTable(value)
    return [setAt(table, path, merges ? merge(old, value) : value)]
  }
  if (old === undefined) return [table]
  const left = [removeAt(table, path)]
  for (let depth = path.length - 1; depth > 0; depth--) {
    const parent = valueAt(left.at(-1), path.slice(0, depth))
    if (!isTable(parent) || Object.keys(parent).length > 0) break
    left.push(removeAt(left.at(-1)!, path.slice(0, depth)))
  }
  return left
}

/** Whether `longer` is `text` with one more piece in it. */
const isInserted = (text: string, longer: string) => {
  let same = 0
  while (same < text.length && text[same] === longer[same]) same++
  return longer.length >= text.length && longer.endsWith(text.slice(same))
}

/** An edit for a table, of something that it has, or beyond. */
const Edits: Arbitrary.Arbitrary<(table: Table) => Edit> = Arbitrary.map(
  Arbitrary.all({
    index: Arbitrary.schema(Schema.Natural),
    beyond: Arbitrary.schema(Schema.NullOr(Path)),
    value: Values,
    removes: Arbitrary.schema(Schema.Boolean),
    mergeStrategy: Arbitrary.schema(Schema.Literals(["replace", "upsert"]))
  }),
  ({ beyond, index, mergeStrategy, removes, value }) =>
    (table) => {
      const known = paths(table).filter((path) => beyond !== null || hasRoom(table, path))
      const path = [...(known[index % (known.length + 1)] ?? []), ...(beyond ?? [])]
      return {
        path: (path.length > 0 ? path : ["new"]) as [string, ...Array<string>],
        value: removes ? null : value,
        mergeStrategy
      }
    }
)

describe("TomlDocument.parse", () => {
  it.effect.prop(
    "reads every form of TOML",
    { document: Documents },
    ({ document: { table, text } }) => Effect.sync(() => assert.deepStrictEqual(parse(text).table, table)),
    runs
  )

  it("says what is wrong, and where in characters", () => {
    assert.deepStrictEqual(
      TomlDocument.parse('a = 1\nb = "é😀" x\n'),
      Result.fail({
        _tag: "TomlProblem",
        problem: "each key-value declaration must be followed by an end-of-line",
        line: 2,
        column: 10
      })
    )
  })
})

describe("a range", () => {
  it.effect.prop(
    "covers the text of a value, and of a name",
    { document: Documents },
    ({ document: { table, text } }) =>
      Effect.sync(() => {
        const { keyRange, valueRange } = parse(text)
        for (const path of paths(table)) {
          const name = keyRange(path)
          if (name !== undefined) {
            assert.deepStrictEqual(Object.keys(Toml.parse(`${slice(text, name)} = 0`)), [path.at(-1)])
          }
          if (isWritten(text, table, path)) {
            const written = Toml.parse(`x = ${slice(text, valueRange(path))}`, {
              integersAsBigInt: "asNeeded"
            })
            assert.deepStrictEqual(tableToJson(written), { x: valueAt(table, path) as Schema.Json })
          }
        }
      }),
    runs
  )

  it.each([
    ["# c\n  a   =   5 # x\n", "a", "5", "a"],
    ['s = "é"\nt = { A = "é😀", B = 5 }', "t.B", "5", "B"],
    ["l = [1,\n 'b']", "l.1", "'b'", undefined],
    ["[a] # c\nx = 1", "a", "[a]", "a"],
    ["a.x = 1\na.y = 2", "a", "a", "a"],
    ["a.'x'.z = 1", "a.x", "'x'", "'x'"],
    ["\n [ a . sub ]\n[a.other]", "a", "a", "a"],
    ["[[a]]\nx = 1\n[[a]]\nx = 2", "a", "[[a]]\nx = 1\n[[a]]", "a"],
    ["[[a]]\nx = 1\n[[a]] # c\nx = 2", "a.1", "[[a]]", undefined],
    ["[[a]]\nx = 1\n[[a]]\nx = 2", "a.1.x", "2", "x"],
    ["a = 1", "b", undefined, undefined],
    ["a = 1", "a.b", undefined, undefined]
  ])("in %j of %s is as in the original", (text, path, value, key) => {
    const { keyRange, valueRange } = parse(text)
    const written = (range: Range | undefined) => range && slice(text, range)
    assert.strictEqual(written(valueRange(path.split("."))), value)
    assert.strictEqual(written(keyRange(path.split("."))), key)
  })

  it("is the first one that names a key", () => {
    const start = { line: 2, column: 1 }
    const { keyRange, valueRange } = parse("\na.x = 1\na.y = 2\n")
    assert.deepStrictEqual(keyRange(["a"]), { start, end: start })
    assert.deepStrictEqual(valueRange(["a"]), { start, end: start })
  })

  it("counts characters, and the last one is in it", () => {
    assert.deepStrictEqual(parse('\ufeff"é😀" = """\r\né😀"""').valueRange(["é😀"]), {
      start: { line: 1, column: 9 },
      end: { line: 2, column: 5 }
    })
  })
})

describe("TomlDocument.edit", () => {
  it.effect.prop(
    "makes the edits one after the other, unless a parent is no table",
    { document: Documents, edits: Arbitrary.array(Edits, { maxLength: 4 }) },
    ({ document, edits }) =>
      Effect.sync(() => {
        let { table, text } = document
        const made: Array<Edit> = []
        for (const edit of edits.map((edit) => edit(table))) {
          const edited = TomlDocument.edit(text, [edit])
          if (!hasRoom(table, edit.path)) {
            assert.deepStrictEqual(
              edited,
              edit.value === null ? Result.succeed(text) : Result.fail({ _tag: "NotATable" })
            )
            continue
          }
          made.push(edit)
          text = Result.getOrThrow(edited)
          const expected = outcomes(table, edit)
          table = parse(text).table
          assert.isTrue(
            expected.some((expected) => isSame(expected, table)),
            JSON.stringify({ table, expected, text })
          )
        }
        assert.deepStrictEqual(TomlDocument.edit(document.text, made), Result.succeed(text))
      }),
    runs
  )

  it.effect.prop(
    "leaves every other byte as it was",
    { document: Documents, edit: Edits },
    ({ document: { table, text }, edit }) =>
      Effect.sync(() => {
        const { path, value } = edit(table)
        if (!hasRoom(table, path)) return
        const old = valueAt(table, path)
        const edited = Result.getOrThrow(TomlDocument.edit(text, [edit(table)]))
        if (old === undefined) {
          assert.isTrue(value === null ? edited === text : isInserted(text, edited))
        } else if (!isTable(old) && isWritten(text, table, path)) {
          const { end, start } = spanOf(text, parse(text).valueRange(path))
          if (value === null) assert.isTrue(isInserted(edited, text))
          else {
            assert.isTrue(edited.startsWith(text.slice(0, start)))
            assert.isTrue(edited.endsWith(text.slice(end)))
          }
        }
        // also where an edit is made in several places
        const [before, after] = [parse(text), parse(edited)]
        for (const other of paths(table)) {
          const isApart = other.some((name, depth) => depth < path.length && name !== path[depth])
          if (!isApart || isTable(valueAt(table, other)) || !isWritten(text, table, other)) continue
          assert.strictEqual(slice(edited, after.valueRange(other)), slice(text, before.valueRange(other)))
        }
        const left = comments(edited)
        assert.deepStrictEqual(
          left,
          comments(text).filter((comment) => left.includes(comment))
        )
      }),
    runs
  )

  it.effect.prop(
    "changes nothing where nothing changes",
    { document: Documents, mergeStrategy: Schema.Literals(["replace", "upsert"]) },
    ({ document: { table, text }, mergeStrategy }) =>
      Effect.sync(() => {
        for (const path of paths(table)) {
          if (!hasRoom(table, path)) continue
          const value = valueAt(table, path) as Schema.Json
          const edit = { path: path as Names & [string], value, mergeStrategy }
          assert.deepStrictEqual(TomlDocument.edit(text, [edit]), Result.succeed(text))
        }
        const missing = { path: ["not", "there"], value: null, mergeStrategy } as const
        assert.deepStrictEqual(TomlDocument.edit(text, [missing]), Result.succeed(text))
      }),
    runs
  )

  const FILE = `# top
model   =   "m1"   # why
b = 1

# about x
[x] # head
  k = [1,
    2] # two

  # of nobody

# about y
[y.z]
p = 1
# end
`
  it.each<[why: string, before: string, path: string, value: Schema.Json, after: string]>([
    ["keeps what is around a value", FILE, "model", "m2", FILE.replace("m1", "m2")],
    ["puts an array in one line", FILE, "x.k", [3], FILE.replace("[1,\n    2]", "[3]")],
    ["adds to the root", FILE, "c", 1, FILE.replace("b = 1\n", "b = 1\nc = 1\n")],
    ["adds to a table", FILE, "x.c", 1, FILE.replace("# two\n", "# two\nc = 1\n")],
    [
      "adds a table behind its siblings",
      FILE,
      "x.t.c",
      1,
      FILE.replace("# two\n", "# two\n\n[x.t]\nc = 1\n")
    ],
    ["adds a table behind all", FILE, "t", {}, FILE.replace("p = 1\n", "p = 1\n\n[t]\n")],
    ["gives a table a header", FILE, "y.c", 1, FILE.replace("# two\n", "# two\n\n[y]\nc = 1\n")],
    ["removes a key with its comments", FILE, "model", null, FILE.replace(/^.*\n.*\n/, "")],
    ["removes a table with its comments", FILE, "x", null, FILE.replace(/\n# about x[^]*two\n/, "")],
    ["keeps a header", "[a] # c\nb = 1\n", "a.b", null, "[a] # c\n"],
    ["removes scattered tables", "[a.b]\n[c]\n[[a.d]]\n[a.d.e]\n", "a", null, "[c]\n"],
    ["removes scattered keys", "a.b = 1\nc = 1\na.d.e = 1\n", "a", null, "c = 1\n"],
    [
      "adds dotted keys to dotted keys",
      "a.'b'.c = 1\nd = 1\n",
      "a.b.e",
      1,
      "a.'b'.c = 1\na.'b'.e = 1\nd = 1\n"
    ],
    ["adds tables to dotted keys", "a.b = 1\nd = 1\n", "a.c.e", 1, "a.b = 1\nd = 1\n\n[a.c]\ne = 1\n"],
    ["makes a key of a table", "b = 1\n\n[a.c]\nd = 1\n", "a", 1, "b = 1\na = 1\n"],
    ["empties a table", "[a] # c\nb = 1\n[a.c]\nd = 1\n", "a", {}, "[a] # c\n"],
    ["empties a table without a header", "[a.b]\nc = 1\n", "a", {}, "[a]\n"],
    [
      "writes tables behind keys",
      "",
      "a",
      { t: { u: {} }, l: [1, true, {}] },
      "[a]\nl = [1, true, {}]\n\n[a.t]\n\n[a.t.u]\n"
    ],
    [
      "adds tables behind dotted keys and headers",
      "a.b = 1\n[a.c]\nx = 1\n",
      "a.d.e",
      1,
      "a.b = 1\n[a.c]\nx = 1\n\n[a.d]\ne = 1\n"
    ],
    ["writes no header for what is only a parent", "[a]\n", "a.b.c", { d: 1 }, "[a]\n\n[a.b.c]\nd = 1\n"],
    ["starts a file", "", "a.b.c", 1, "[a.b]\nc = 1\n"],
    ["starts a file that has comments", "# c\n\n[a]\n", "b", 1, "b = 1\n# c\n\n[a]\n"],
    ["ends the last line", "a = 1 # c", "b", 1, "a = 1 # c\nb = 1\n"],
    ["quotes names", "", "a b.é'.\"x", "y", '["a b"."é\'"]\n\'"x\' = "y"\n'],
    ["takes no text for a date", "", "a", [{ b: "1979-05-27" }], 'a = [{ b = "1979-05-27" }]\n'],
    ["writes dates", "", "a", { $__toml_private_datetime: "1979-05-27" }, "a = 1979-05-27\n"]
  ])("%s, as the original does", (_, before, path, value, after) => {
    assert.deepStrictEqual(set(before, path, value), Result.succeed(after))
  })

  it.each<[why: string, before: string, path: string, value: Schema.Json, after: string]>([
    ["makes a key of an array of tables", "[[a]]\nb = 1\n[[a]]\n", "a", [{ b: 2 }], "a = [{ b = 2 }]\n"],
    ["leaves tables inline", "a = { b = 1 , c=2 } # c\n", "a.b", 2, "a = { b = 2 , c=2 } # c\n"],
    ["adds to inline tables", "a = { b = {} } # c\n", "a.b.c.d", 1, "a = { b = { c = { d = 1 } } } # c\n"],
    ["adds to dotted keys inline", "a = { b.c = 1 }\n", "a.b.d", 1, "a = { b.c = 1, b.d = 1 }\n"],
    ["removes from inline tables", "a = { b = 1, c = 2, d = 3 }\n", "a.b", null, "a = { c = 2, d = 3 }\n"],
    ["removes the last of an inline table", "a = {b.c = 1, b.d = 1, } # c\n", "a.b", null, "a = {} # c\n"],
    [
      "removes dotted keys from an inline table",
      "a = { b.c = 1, b.d = 1, e = 1 }\n",
      "a.b",
      null,
      "a = { e = 1 }\n"
    ],
    [
      "replaces the members of an inline table",
      "a = { b = 1 , c=2 } # c\n",
      "a",
      { c: 3 },
      "a = { c=3 } # c\n"
    ],
    ["puts a table in the place of a value", "# c\na = 1 # d\n", "a", { b: 1 }, "# c\na = { b = 1 } # d\n"],
    ["keeps line ends", "a = 1\r\n[b]\r\n", "c.d", 1, "a = 1\r\n[b]\r\n\r\n[c]\r\nd = 1\r\n"],
    ["keeps a byte order mark", "\ufeffa = 1\nb = 1\n", "a", null, "\ufeffb = 1\n"],
    ["keeps the end of the file", "a = 1", "a", 2, "a = 2"],
    ["keeps comments that stand apart", "a = 1\n# x\n\n# b\nb = 1\n", "b", null, "a = 1\n# x\n"],
    ["takes no text for a comment", "a = '''\n# x'''\nb = 1\n", "b", null, "a = '''\n# x'''\n"],
    ["has no special names", "", "__proto__.constructor", 1, "[__proto__]\nconstructor = 1\n"],
    [
      "writes what has more than a date",
      "",
      "a",
      [{ $__toml_private_datetime: "1979-05-27", b: 1 }],
      'a = [{ "$__toml_private_datetime" = "1979-05-27", b = 1 }]\n'
    ],
    [
      "writes what is like a date",
      "",
      "a",
      { $__toml_private_datetime: "1\nb = 1" },
      'a = { "$__toml_private_datetime" = """\n1\nb = 1""" }\n'
    ]
  ])("%s, other than the original", (_, before, path, value, after) => {
    assert.deepStrictEqual(set(before, path, value), Result.succeed(after))
  })

  it.each([
    ["plain", '"plain"'],
    ["it's", '"it\'s"'],
    ["tab\t", '"tab\\t"'],
    ['say "x"', "'say \"x\"'"],
    ["C:\\x", "'C:\\x'"],
    ["l1\nl2", '"""\nl1\nl2"""'],
    [`'"`, `"""'""""`],
    ['\n"\\"', "'''\n\n\"\\\"'''"],
    [`'"""`, `''''"""'''`],
    ["\0\x7f", '"\\u0000\\u007F"'],
    ["C:\\new\n\0", '"""\nC:\\\\new\n\\u0000"""'],
    ["\r\n", '"""\n\\r\n"""']
  ])("writes the text %j as the original does", (value, written) => {
    assert.deepStrictEqual(set("", "a", value), Result.succeed(`a = ${written}\n`))
  })

  it.each([
    [2 ** 53 + 2, "9007199254740994"],
    [-(2 ** 62), "-4611686018427387904"],
    [2 ** 63, "9.223372036854776e+18"],
    [1e300, "1e+300"],
    [1e-7, "1e-7"],
    [-0.5, "-0.5"]
  ])("writes the number %j exactly", (value, written) => {
    assert.deepStrictEqual(set("", "a", value), Result.succeed(`a = ${written}\n`))
  })

  it("merges tables deeply, or replaces them", () => {
    const text = "[a] # a\nb = 1 # b\nl = [1,\n 2] # l\n[a.t] # t\nc = 1 # c\n"
    const value = { l: [1, 2], t: { d: 2 } }
    assert.deepStrictEqual(set(text, "a", value, "upsert"), Result.succeed(`${text}d = 2\n`))
    assert.deepStrictEqual(
      set(text, "a", value),
      Result.succeed("[a] # a\nl = [1,\n 2] # l\n[a.t] # t\nd = 2\n")
    )
  })

  it("puts nothing into what is no table, and finds nothing to remove there", () => {
    for (const text of ["a = 1\n", "a = [{ b = 1 }]\n", "[[a]]\nb = 1\n", "a = 1979-05-27\n"]) {
      for (const path of ["a.0", "a.0.b", "a.b.c"]) {
        assert.deepStrictEqual(set(text, path, 2), Result.fail({ _tag: "NotATable" }))
        assert.deepStrictEqual(set(text, path, null), Result.succeed(text))
      }
    }
  })

  it("refuses a text that is no TOML, and a null that removes nothing", () => {
    const problem = (result: Result.Result<string, unknown>) => Result.isFailure(result) && result.failure
    assert.propertyVal(problem(set("a", "b", 1)), "_tag", "TomlProblem")
    assert.propertyVal(problem(set("", "a", { b: null })), "_tag", "TomlProblem")
  })
})
