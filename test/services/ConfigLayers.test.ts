import * as crypto from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { ConfigReadResponse } from "../../src/rpc/Config.ts"
import { CONFIG_DEFAULTS } from "../../src/services/ConfigDefaults.ts"
import * as ConfigLayers from "../../src/services/ConfigLayers.ts"
import { ConfigStore, readAnswer, startupConfig } from "../../src/services/ConfigStore.ts"
import { RUNS } from "../support/runs.ts"

const sha256 = (text: string) => crypto.createHash("sha256").update(text).digest("hex")
const runs = { arbitrary: { runs: RUNS } }

const layer = (name: ConfigLayers.Layer["name"], config: Schema.JsonObject): ConfigLayers.Layer => ({
  name,
  version: ConfigLayers.version(sha256, config),
  config
})
const flags = (config: Schema.JsonObject) => layer({ type: "sessionFlags" }, config)
const user = (config: Schema.JsonObject) =>
  layer({ type: "user", file: "/h/config.toml", profile: null }, config)
const system = (config: Schema.JsonObject) => layer({ type: "system", file: "/etc/config.toml" }, config)

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
        const contains = (whole: unknown, part: Schema.JsonObject): void => {
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
      [2 ** 60, null, null, "2020-01-02T03:04:05Z"]
    )
  })
})

describe("readAnswer", () => {
  it("fits the schema of the wire, and gives unknown keys no effect", () => {
    const layers = [
      flags({ model: "m", foo: { bar: 1 } }),
      user({}),
      { ...system({}), disabledReason: "off" }
    ]
    const answer = Result.getOrThrow(readAnswer(layers, { includeLayers: true }))
    assert.deepStrictEqual(Schema.encodeUnknownSync(ConfigReadResponse)(answer), answer)
    assert.deepStrictEqual(answer.config, { ...CONFIG_DEFAULTS, model: "m" })
    assert.deepStrictEqual(answer.layers?.[0]?.config, { model: "m", foo: { bar: 1 } })
    assert.deepStrictEqual(answer.layers?.[2], { ...system({}), disabledReason: "off" })
  })

  it("says in the words of the original which value is wrong", () => {
    const problem = (values: Schema.JsonObject) => {
      const answer = readAnswer([user(values)], {})
      return Result.isFailure(answer) ? answer.failure.message : undefined
    }
    assert.strictEqual(
      problem({ sandbox_mode: "bogus" }),
      "invalid configuration: unknown variant `bogus`, expected one of `read-only`, `workspace-write`, `danger-full-access`\nin `sandbox_mode`\n"
    )
    assert.strictEqual(
      problem({ shell_environment_policy: { inherit: "some" } }),
      "invalid configuration: unknown variant `some`, expected one of `core`, `all`, `none`\nin `shell_environment_policy.inherit`\n"
    )
    assert.strictEqual(
      problem({ shell_environment_policy: { set: { A: 1 } } }),
      "invalid configuration: invalid type: integer `1`, expected a string\nin `shell_environment_policy.set.A`\n"
    )
    assert.strictEqual(
      problem({ shell_environment_policy: { exclude: ["A", true] } }),
      "invalid configuration: invalid type: boolean `true`, expected a string\nin `shell_environment_policy.exclude.1`\n"
    )
    assert.strictEqual(
      problem({ model: 5 }),
      "invalid configuration: invalid type: integer `5`, expected a string\nin `model`\n"
    )
    assert.match(problem({ shell_environment_policy: [] }) ?? "", /\nin `shell_environment_policy`\n$/)
  })
})

describe("startupConfig", () => {
  it("is confined to reading, and passes the environment, without a configuration", () => {
    const { sandboxMode, shellEnvironmentPolicy, warnings } = Result.getOrThrow(
      startupConfig(Result.succeed([user({})]), [])
    )
    assert.strictEqual(sandboxMode, "read-only")
    assert.deepStrictEqual(warnings, [])
    assert.strictEqual(shellEnvironmentPolicy.inherit, "all")
    assert.strictEqual(shellEnvironmentPolicy.ignoreDefaultExcludes, true)
  })

  it("does not mind other members that are wrong", () => {
    const started = Result.getOrThrow(
      startupConfig(Result.succeed([user({ model: 5, sandbox_mode: "workspace-write" })]), [])
    )
    assert.strictEqual(started.sandboxMode, "workspace-write")
    assert.deepStrictEqual(started.warnings, [])
  })

  it("lets the command line decide over a wrong value in a file", () => {
    const session = flags({ sandbox_mode: "danger-full-access" })
    const started = Result.getOrThrow(
      startupConfig(Result.succeed([session, user({ sandbox_mode: "bogus" })]), [session])
    )
    assert.strictEqual(started.sandboxMode, "danger-full-access")
    assert.deepStrictEqual(started.warnings, [])
  })
})

describe("ConfigStore.layerTest", () => {
  it.effect("answers with the defaults where nothing else is scripted", () =>
    Effect.gen(function* () {
      const store = yield* ConfigStore
      assert.deepStrictEqual(yield* store.read({}), { config: CONFIG_DEFAULTS, origins: {} })
      assert.strictEqual(store.startup.sandboxMode, "read-only")
    }).pipe(Effect.provide(ConfigStore.layerTest()))
  )
})
