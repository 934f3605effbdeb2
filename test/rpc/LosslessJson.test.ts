import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"
import { MAX_DEPTH, parse } from "../../src/rpc/LosslessJson.ts"
import { isJsonFloat } from "../../src/rpc/Primitives.ts"
import { RUNS } from "../support/runs.ts"

const NONE: ReadonlySet<string> = new Set()
const ID: ReadonlySet<string> = new Set(["id"])

const value = (text: string, unique = NONE): any => {
  const json = parse(text, unique)
  return json._tag === "Success" ? json.value : assert.fail(`${json.reason}: ${text.slice(0, 200)}`)
}
const reason = (text: string, unique = NONE): string => {
  const json = parse(text, unique)
  return json._tag === "Failure" ? json.reason : assert.fail(`accepted: ${text.slice(0, 200)}`)
}

/** What `JSON.parse` would have made of it. */
const lossy = (json: unknown): unknown => {
  if (isJsonFloat(json)) return json()
  if (typeof json === "bigint") return Number(json)
  if (typeof json !== "object" || json === null) return json
  return Array.isArray(json)
    ? json.map(lossy)
    : Object.fromEntries(Object.entries(json).map(([key, item]) => [key, lossy(item)]))
}

/** JSON text of any value; `JSON.stringify` writes lone surrogates as escapes, here they are question marks. */
const JsonText = Arbitrary.map(Arbitrary.schema(Schema.Json), (json) =>
  JSON.stringify(json, undefined, 1).replaceAll(/\\(?:ud[89a-f]..|.)/g, (escape) =>
    escape.length > 2 ? "?" : escape
  )
)

/** The value of a float. */
const floatOf = (json: unknown): number =>
  isJsonFloat(json) && JSON.stringify(json) === JSON.stringify(json())
    ? json()
    : assert.fail(`${String(json)} is no float`)

describe("LosslessJson", () => {
  it.prop(
    "reads any JSON as JSON.parse does, but for the kind of its numbers",
    [JsonText],
    ([text]) => assert.deepStrictEqual(lossy(value(text)), JSON.parse(text)),
    { arbitrary: { runs: RUNS } }
  )

  it.each([
    "",
    " ",
    "{",
    "[1,]",
    "{} {}",
    "\uFEFF{}",
    "nul",
    "'a'",
    "{a:1}",
    '"\n"',
    "01",
    "1.",
    ".5",
    "+1",
    "NaN",
    '"\\x"',
    '{"a":1 "b":2}'
  ])("refuses %j, which is no JSON", (text) => {
    assert.strictEqual(reason(text), "not JSON")
  })

  it.each(["null", "true", '"x"', "[]", "{}", ' \t\r\n{"a" : [ 1 , 2 ] } '])("reads %j", (text) => {
    assert.deepStrictEqual(value(text), JSON.parse(text))
  })

  it("takes `__proto__` as the name of a member like any other", () => {
    // the number makes the text be parsed twice
    for (const text of ['{"__proto__":{"id":1}}', '{"__proto__":{"id":1},"n":12345678901234567890}']) {
      const json = value(text)
      assert.strictEqual(Object.getPrototypeOf(json), Object.prototype)
      assert.isTrue(Object.hasOwn(json, "__proto__"))
      assert.isUndefined(json.id)
    }
  })
})

describe("LosslessJson reads numbers:", () => {
  it.prop(
    "an integer of any length is exact, and a bigint where a double would not be safe",
    [Schema.BigInt],
    ([n]) => {
      for (const big of [n, n * 10n ** 15n, n * 10n ** 40n + n]) {
        const expected = Number.isSafeInteger(Number(big)) ? Number(big) : big
        assert.deepStrictEqual(value(`{"n":[${big}]}`), { n: [expected] })
      }
    },
    { arbitrary: { runs: RUNS } }
  )

  it.each([
    ["9007199254740991", 9007199254740991],
    ["9007199254740992", 9007199254740992n],
    ["9007199254740993", 9007199254740993n],
    ["-9007199254740991", -9007199254740991],
    ["-9007199254740992", -9007199254740992n],
    ["9223372036854775807", 9223372036854775807n],
    ["-9223372036854775808", -9223372036854775808n],
    ["18446744073709551615", 18446744073709551615n],
    ["0", 0],
    ["-0", -0],
    ["1.5", 1.5],
    ["-0.25", -0.25],
    ["15e-1", 1.5],
    ["5E-324", 5e-324],
    ["0.1", 0.1]
  ])("%s is %s", (text, expected) => {
    assert.strictEqual(value(text), expected)
    assert.strictEqual(value(`[${text}]`)[0], expected)
    assert.strictEqual(value(`{"a" : ${text} }`).a, expected)
  })

  it.each([
    ["2.0", 2],
    ["1e3", 1000],
    ["1E+3", 1000],
    ["-0.0", -0],
    ["0e0", 0],
    ["10e-1", 1],
    ["100000000000000000000.0", 1e20],
    ["1e300", 1e300]
  ])("%s is a float although its value is whole", (text, expected) => {
    assert.strictEqual(floatOf(value(text)), expected)
    assert.strictEqual(floatOf(value(`[1,${text},{}]`)[1]), expected)
  })

  it.prop(
    "a fraction is the number that JSON.parse reads",
    [Schema.Finite],
    ([n]) => {
      const text = String(n + 0.5)
      assert.strictEqual(lossy(value(text)), JSON.parse(text))
    },
    { arbitrary: { runs: RUNS } }
  )

  it("all numbers of a text, each in its place", () => {
    const json = value(
      '{"a":12345678901234567890,"b":[1.0,-1,"2.0",{"c":1e2,"12345678901234567890":null}],"d":7}'
    )
    assert.strictEqual(json.a, 12345678901234567890n)
    assert.strictEqual(floatOf(json.b[0]), 1)
    assert.strictEqual(json.b[1], -1)
    assert.strictEqual(json.b[2], "2.0")
    assert.strictEqual(floatOf(json.b[3].c), 100)
    assert.isTrue(Object.hasOwn(json.b[3], "12345678901234567890"))
    assert.strictEqual(json.d, 7)
  })

  it.each(["12345678901234567890", "-2.0", "a 2.0 b", '\\"2.0', "[2.0]", "\\u0032.0", "2.0\\\\"])(
    "not those in the string %s",
    (content) => {
      const json = value(`["${content}", 3.0]`)
      assert.strictEqual(json[0], JSON.parse(`"${content}"`))
      assert.strictEqual(floatOf(json[1]), 3)
    }
  )

  it.each([
    "#",
    "##",
    "#5",
    '\\"#',
    '\\"##',
    "\\u0023",
    "\\u00235",
    "#\\u0023#5",
    "\\u0023\\u0023x",
    "\\\\u0023"
  ])("beside the string %s, which looks like a mark", (content) => {
    const string = JSON.parse(`"${content}"`) as string
    const json = value(`{"${content}":"${content}","n":[12345678901234567890,"${content}"]}`)
    assert.deepStrictEqual(json, { [string]: string, n: [12345678901234567890n, string] })
  })

  it.prop(
    "beside any strings",
    {
      texts: Schema.Array(Schema.Literals(["#", '"', "\\", "u0023", "5", ".0", "a", "\u0000"])),
      n: Schema.BigInt
    },
    ({ n, texts }) => {
      const big = n * 10n ** 20n + 10n ** 18n
      const string = texts.join("")
      const escaped = JSON.stringify(string)
      const hashes = escaped.replaceAll("#", "\\u0023")
      assert.deepStrictEqual(value(`[${escaped},${big},${hashes}]`), [string, big, string])
    },
    { arbitrary: { runs: RUNS } }
  )
})

describe("LosslessJson bounds the nesting:", () => {
  const arrays = (depth: number, inner = "") => "[".repeat(depth) + inner + "]".repeat(depth)
  const objects = (depth: number) => '{"a":'.repeat(depth) + "1" + "}".repeat(depth)

  it("arrays and objects as deep as the limit are read, one level more is refused", () => {
    for (const nested of [arrays, objects, (depth: number) => arrays(depth - 1, "{}")]) {
      value(nested(MAX_DEPTH))
      assert.strictEqual(reason(nested(MAX_DEPTH + 1)), `nested deeper than ${MAX_DEPTH} levels`)
    }
  })

  it("what is closed again does not count", () => {
    assert.lengthOf(value(`[${Array.from({ length: 1000 }, () => "[{}]").join(",")}]`), 1000)
  })

  it("brackets in strings do not count", () => {
    const brackets = `"${"[{".repeat(MAX_DEPTH)}\\"[[[\\\\"`
    value(`{${brackets}:${arrays(MAX_DEPTH - 1, brackets)}}`)
    assert.include(reason(`{${brackets}:${arrays(MAX_DEPTH, brackets)}}`), "nested deeper")
  })

  it("nesting of any depth is refused rather than a crash", () => {
    assert.include(reason(arrays(1_000_000)), "nested deeper")
    assert.include(reason(arrays(100_000, "1.0")), "nested deeper")
  })
})

describe("LosslessJson refuses lone surrogates:", () => {
  const LONE = [
    "\\ud800",
    "\\uDBFF",
    "\\udc00",
    "\\uDfFf",
    "\\ud800\\ud800",
    "\\udc00\\ud800",
    "\\ud800x",
    "\\ud800\\n",
    "\\ud83d\\ude00\\ude00",
    "\\ud83d\\ud83d\\ude00",
    "\\ud800\\\\udc00",
    "\\ud800\\\\\\udc00",
    "\\\\\\ud800"
  ]
  const FINE = [
    "\\ud83d\\ude00",
    "\\uD800\\uDC00",
    "\\\\ud800",
    "\\\\\\\\udc00",
    "\\ud7ff",
    "\\ue000",
    "\\u0041",
    "😀"
  ]

  const positions = (content: string) => [
    `"${content}"`,
    `"a${content}b"`,
    `["", "${content}"]`,
    `{"a":{"b":["${content}"]}}`,
    `{"${content}":1}`,
    `{"a":{"${content}":1}}`,
    `{"\\\\u":"\\\\u","a":"\\u0041","b":"${content}"}`,
    `[2.0,"${content}"]`
  ]

  it.each(LONE)("%s, wherever it stands", (content) => {
    for (const text of positions(content)) assert.strictEqual(reason(text), "a lone surrogate", text)
  })

  it.each(FINE)("but not %s", (content) => {
    for (const text of positions(content)) assert.deepStrictEqual(lossy(value(text)), JSON.parse(text))
  })

  it("halves in two strings are no pair", () => {
    assert.strictEqual(reason('["\\ud83d","\\ude00"]'), "a lone surrogate")
    assert.strictEqual(reason('{"\\ud83d":"\\ude00"}'), "a lone surrogate")
  })
})

describe("LosslessJson refuses repeated members:", () => {
  it.each([
    '{"id":1,"id":2}',
    '{"id":1,"id":1}',
    '{"id":1,"a":{},"id":null}',
    '{"id":1,"i\\u0064":2}',
    '{"\\u0069d":1,"i\\u0064":2}',
    '{"id" \n : 1,\n"id"\t:2}',
    '{"id":"id","id":"id"}',
    '{"id":{"id":1},"id":2.0}'
  ])("%s", (text) => {
    assert.strictEqual(reason(text, ID), "a second `id`")
  })

  it.each([
    '{"id":1,"a":2,"a":3}',
    '{"id":1,"a":{"id":1,"id":2}}',
    '{"id":1,"a":[{"id":1},{"id":2}]}',
    '{"id":"id"}',
    '{"id":1,"a":"id"}',
    '{"id":1,"Id":2}',
    '{"id":1,"\\\\u0069d":2}',
    '[{"id":1,"id":2}]',
    '["id","id"]'
  ])("but not in %s", (text) => {
    assert.deepStrictEqual(value(text, ID), JSON.parse(text))
  })

  it("takes the last one of those that may be repeated", () => {
    assert.deepStrictEqual(value('{"a":1,"a":2,"p":{"b":3,"b":4}}', ID), { a: 2, p: { b: 4 } })
  })
})
