import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as ConfigLayers from "../../src/services/ConfigLayers.ts"
import { sha256, system, user } from "../support/configLayers.ts"
import { RUNS } from "../support/runs.ts"

const runs = { arbitrary: { runs: RUNS } }

/** Few names, so that layers meet; no -0, which JSON has not. */
const Leaf = Schema.Union([Schema.Null, Schema.Literals([true, 1, "x", ""])])
const Name = Schema.Literals(["a", "b", "__proto__", "a.b"])
const table = <S extends Schema.Top>(value: S) => Schema.Record(Name, Schema.UndefinedOr(value))
const Config = table(Schema.Union([Leaf, Schema.Array(Leaf), table(Schema.Union([Leaf, table(Leaf)]))]))
const config = (generated: typeof Config.Type): Schema.JsonObject =>
  ConfigLayers.tableToJson(compact(generated))
/** Without the members that are undefined, so that generated tables do not all have the same names. */
const compact = (value: unknown): object =>
  Object.fromEntries(
    Object.entries(value as object).flatMap(([key, item]: [string, unknown]) =>
      item === undefined ? [] : [[key, ConfigLayers.isTable(item) ? compact(item) : item]]
    )
  )

const reversed = (value: Schema.Json): Schema.Json =>
  ConfigLayers.isTable(value)
    ? Object.fromEntries(
        Object.entries(value)
          .map(([key, item]) => [key, reversed(item)])
          .toReversed()
      )
    : value

describe("ConfigLayers.version", () => {
  it("is the hash that the original has for the same content", () => {
    assert.strictEqual(
      ConfigLayers.version(sha256, {}),
      "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    )
    assert.strictEqual(
      ConfigLayers.version(sha256, { model: "m1" }),
      "sha256:18eea532005374fa06577b85f8b5989f43c09ed6a2b039804c608b8aa5b192d3"
    )
  })

  it.effect.prop(
    "does not depend on the order of keys",
    { generated: Config },
    ({ generated }) =>
      Effect.sync(() => {
        const one = config(generated)
        const other = reversed(one) as Schema.JsonObject
        assert.strictEqual(ConfigLayers.version(sha256, one), ConfigLayers.version(sha256, other))
      }),
    runs
  )

  it.effect.prop(
    "is equal for equal content and only for that",
    { a: Config, b: Config },
    ({ a, b }) =>
      Effect.sync(() => {
        const [one, other] = [config(a), config(b)]
        let equal = true
        try {
          assert.deepStrictEqual(one, other)
        } catch {
          equal = false
        }
        assert.strictEqual(ConfigLayers.version(sha256, one) === ConfigLayers.version(sha256, other), equal)
      }),
    runs
  )
})

describe("ConfigLayers.effective", () => {
  it("merges tables, and replaces arrays and scalars with those of the stronger layer", () => {
    const layers = [
      user({ t: { x: 1, list: [3] }, s: { deep: true } }),
      system({ t: { y: 2, list: [1, 2] }, s: 5 })
    ]
    assert.deepStrictEqual(ConfigLayers.effective(layers, { u: null, t: null }), {
      u: null,
      t: { y: 2, list: [3], x: 1 },
      s: { deep: true }
    })
  })

  it("treats __proto__ as a key like any other", () => {
    const odd = (text: string) => JSON.parse(text) as Schema.JsonObject
    const merged = ConfigLayers.merge(odd('{"__proto__":{"x":1}}'), odd('{"__proto__":{"y":2}}'))
    assert.strictEqual(JSON.stringify(merged), '{"__proto__":{"x":1,"y":2}}')
    assert.deepStrictEqual(Object.keys(ConfigLayers.origins([user(merged)])), ["__proto__.x", "__proto__.y"])
    assert.isFalse("x" in {} || "x" in merged)
  })

  it("passes over a disabled layer", () => {
    const disabled = { ...user({ a: 1 }), disabledReason: "not trusted" }
    assert.deepStrictEqual(ConfigLayers.effective([disabled, system({ a: 2 })], {}), { a: 2 })
    assert.deepStrictEqual(Object.keys(ConfigLayers.origins([disabled])), [])
  })

  it.effect.prop(
    "is the fold of the layers over the defaults, from the weakest to the strongest",
    { defaults: Config, configs: Schema.Array(Config).check(Schema.isMaxLength(4)) },
    ({ configs, defaults }) =>
      Effect.sync(() => {
        let expected = config(defaults)
        for (const generated of configs.toReversed())
          expected = ConfigLayers.merge(expected, config(generated))
        const layers = configs.map((generated) => user(config(generated)))
        assert.deepStrictEqual(ConfigLayers.effective(layers, config(defaults)), expected)
      }),
    runs
  )

  it.effect.prop(
    "has each leaf of the strongest layer, and pollutes no prototype",
    { strong: Config, weak: Config },
    ({ strong, weak }) =>
      Effect.sync(() => {
        const merged = ConfigLayers.effective([user(config(strong)), system(config(weak))], {})
        const contains = (whole: Schema.Json | undefined, part: Schema.JsonObject): void => {
          for (const [key, value] of Object.entries(part)) {
            const found = ConfigLayers.valueAt(whole, [key])
            if (ConfigLayers.isTable(value)) contains(found, value)
            else assert.deepStrictEqual(found, value)
          }
        }
        contains(merged, config(strong))
        assert.strictEqual(Object.getPrototypeOf(merged), Object.prototype)
        assert.deepStrictEqual(Object.keys(Object.prototype), [])
      }),
    runs
  )
})

describe("ConfigLayers.origins", () => {
  it("names the strongest layer of each leaf, and quotes no segment", () => {
    const [strong, weak] = [user({ a: 1, t: { "x.y": 1 } }), system({ a: 2, t: { z: [1, { q: 1 }] } })]
    const of = ({ name, version }: ConfigLayers.Layer) => ({ name, version })
    assert.deepStrictEqual(ConfigLayers.origins([strong, weak]), {
      a: of(strong),
      "t.x.y": of(strong),
      "t.z.0": of(weak),
      "t.z.1.q": of(weak)
    })
  })

  it("has nothing for an empty table", () => {
    assert.deepStrictEqual(ConfigLayers.origins([user({ t: {} })]), {})
  })
})

describe("ConfigLayers.toJson", () => {
  it("makes anything that a TOML file can say printable", () => {
    assert.deepStrictEqual(
      ConfigLayers.toJson([2n ** 60n, Infinity, NaN, new Date("2020-01-02T03:04:05Z")]),
      [2 ** 60, null, null, { $__toml_private_datetime: "2020-01-02T03:04:05Z" }]
    )
  })
})
