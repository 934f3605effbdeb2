import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Toml from "smol-toml"
import * as ConfigOverrides from "../../src/layers/ConfigOverrides.ts"
import { RUNS } from "../support/runs.ts"

const runs = { arbitrary: { runs: RUNS } }
const Segment = Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{1,6}$/))
/** TOML has no -0 among its integers. */
const Integer = Schema.Int.check(Schema.makeFilter((n) => !Object.is(n, -0)))
const Value = Schema.Union([
  Schema.Boolean,
  Integer,
  Schema.String.check(Schema.isPattern(/^[ -~]{0,12}$/)),
  Schema.Array(Integer)
])
const toml = (value: unknown) =>
  Toml.stringify({ value })
    .replace(/^value = /, "")
    .trimEnd()

describe("ConfigOverrides.parse", () => {
  it.effect("reads values as TOML, and what is no TOML as a string", () =>
    Effect.gen(function* () {
      const parsed = yield* ConfigOverrides.parse([
        "model=over",
        'approval_policy="never"',
        "foo.bar=1",
        "list = [1, 'two']",
        "table={x = true}",
        "with=a=b",
        "words= two words ",
        "empty=",
        `loose="half`,
        "since=2020-01-02",
        "big=9223372036854775807"
      ])
      assert.deepStrictEqual(parsed, {
        model: "over",
        approval_policy: "never",
        foo: { bar: 1 },
        list: [1, "two"],
        table: { x: true },
        with: "a=b",
        words: "two words",
        empty: "",
        loose: "half",
        since: { $__toml_private_datetime: "2020-01-02" },
        big: Number(9223372036854775807n)
      })
    })
  )

  it.effect("takes quoted segments of a key as they are, and what is no TOML key between its dots", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* ConfigOverrides.parse(['projects."/a.b".trust_level=trusted']), {
        projects: { "/a.b": { trust_level: "trusted" } }
      })
      assert.deepStrictEqual(yield* ConfigOverrides.parse(["projects./a b.trust_level=trusted"]), {
        projects: { "/a b": { trust_level: "trusted" } }
      })
    })
  )

  it.effect("lets later flags replace what earlier ones put at their key", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* ConfigOverrides.parse(["a.b=1", "a.c=2", "a.b=3", "x=1", "x.y=2"]), {
        a: { b: 3, c: 2 },
        x: { y: 2 }
      })
      assert.deepStrictEqual(yield* ConfigOverrides.parse(["a={x=1}", "a={y=2}"]), { a: { y: 2 } })
      assert.deepStrictEqual(yield* ConfigOverrides.parse([]), {})
    })
  )

  it.effect("refuses a flag without a value or without a name", () =>
    Effect.gen(function* () {
      const problem = (flag: string) =>
        Effect.map(Effect.flip(ConfigOverrides.parse(["a=1", flag])), (error) => error.message)
      assert.strictEqual(
        yield* problem("novalue"),
        "error parsing -c overrides: Invalid override (missing '='): novalue"
      )
      assert.strictEqual(yield* problem(" =x"), "error parsing -c overrides: Empty key in override:  =x")
      assert.strictEqual(
        yield* problem("a..b=x"),
        "error parsing -c overrides: Empty key segment in override: a..b=x"
      )
    })
  )

  it.effect("sets no prototype", () =>
    Effect.gen(function* () {
      const parsed = yield* ConfigOverrides.parse(["__proto__.polluted=true", "a.__proto__.polluted=true"])
      assert.deepStrictEqual(Object.keys(parsed), ["__proto__", "a"])
      assert.isFalse("polluted" in {})
      assert.isFalse("polluted" in (parsed["a"] as object))
    })
  )

  it.effect.prop(
    "puts any TOML value at any path",
    { path: Schema.NonEmptyArray(Segment), value: Value },
    ({ path, value }) =>
      Effect.gen(function* () {
        const parsed = yield* ConfigOverrides.parse([`${path.join(".")}=${toml(value)}`])
        assert.deepStrictEqual(
          parsed,
          path.reduceRight<unknown>((inner, name) => Object.fromEntries([[name, inner]]), value)
        )
      }),
    runs
  )
})
