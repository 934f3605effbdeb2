import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ConfigReadResponse } from "../../src/rpc/Config.ts"
import { readAnswer } from "../../src/services/ConfigAnswer.ts"
import { CONFIG_DEFAULTS } from "../../src/services/ConfigDefaults.ts"
import { ConfigStore } from "../../src/services/ConfigStore.ts"
import { flags, system, user } from "../support/configLayers.ts"

describe("readAnswer", () => {
  it.effect("fits the schema of the wire, and gives unknown keys no effect", () =>
    Effect.gen(function* () {
      const disabled = { ...system({}), disabledReason: "off" }
      const layers = [flags({ model: "m", foo: { bar: 1 } }), user({}), disabled]
      const answer = yield* readAnswer(layers, { includeLayers: true })
      assert.deepStrictEqual(Schema.encodeUnknownSync(ConfigReadResponse)(answer), answer)
      assert.deepStrictEqual(answer.config, { ...CONFIG_DEFAULTS, model: "m" })
      assert.deepStrictEqual(answer.layers?.[0]?.config, { model: "m", foo: { bar: 1 } })
      assert.deepStrictEqual(answer.layers?.[2], disabled)
    })
  )

  it.effect("says what earlier versions wrote in the words of today", () =>
    Effect.gen(function* () {
      const layer = user({ approval_policy: "on-failure", tools: { web_search: true } })
      const { config } = yield* readAnswer([layer], {})
      assert.strictEqual(config.approval_policy, "on-request")
      assert.deepStrictEqual(config.tools, { web_search: null })
    })
  )

  it.effect("fills in what a workspace is without further settings", () =>
    Effect.gen(function* () {
      const { config } = yield* readAnswer([user({ sandbox_workspace_write: { network_access: true } })], {})
      assert.deepStrictEqual(config.sandbox_workspace_write, {
        writable_roots: [],
        network_access: true,
        exclude_tmpdir_env_var: false,
        exclude_slash_tmp: false
      })
    })
  )

  const wrong: ReadonlyArray<readonly [values: Schema.JsonObject, problem: string, key: string]> = [
    [
      { sandbox_mode: "bogus" },
      "unknown variant `bogus`, expected one of `read-only`, `workspace-write`, `danger-full-access`",
      "sandbox_mode"
    ],
    [
      { shell_environment_policy: { inherit: "some" } },
      "unknown variant `some`, expected one of `core`, `all`, `none`",
      "shell_environment_policy.inherit"
    ],
    [
      { shell_environment_policy: { set: { A: 1 } } },
      "invalid type: integer `1`, expected a string",
      "shell_environment_policy.set.A"
    ],
    [
      { shell_environment_policy: { exclude: ["A", true] } },
      "invalid type: boolean `true`, expected a string",
      "shell_environment_policy.exclude"
    ],
    [{ model: 5 }, "invalid type: integer `5`, expected a string", "model"],
    [
      { model_context_window: 1.5 },
      "invalid type: floating point `1.5`, expected i64",
      "model_context_window"
    ],
    [{ model_reasoning_effort: "" }, "reasoning_effort must not be empty", "model_reasoning_effort"],
    [
      { approval_policy: "zz" },
      "unknown variant `zz`, expected one of `untrusted`, `on-failure`, `on-request`, `granular`, `never`",
      "approval_policy"
    ],
    [
      { sandbox_workspace_write: 5 },
      "invalid type: integer `5`, expected struct SandboxWorkspaceWrite",
      "sandbox_workspace_write"
    ],
    [
      { sandbox_workspace_write: { writable_roots: ["/a", 5] } },
      "invalid type: integer `5`, expected path string",
      "sandbox_workspace_write.writable_roots"
    ],
    [{ projects: { "/a": 5 } }, "invalid type: integer `5`, expected struct ProjectConfig", "projects./a"],
    [
      { projects: { "/a": { trust_level: "z" } } },
      "unknown variant `z`, expected `trusted` or `untrusted`",
      "projects./a.trust_level"
    ],
    [
      { history: { persistence: "x" } },
      "unknown variant `x`, expected `save-all` or `none`",
      "history.persistence"
    ],
    [
      { tools: { web_search: 5 } },
      "data did not match any variant of untagged enum WebSearchToolConfigInput",
      "tools.web_search"
    ],
    [
      { forced_chatgpt_workspace_id: 5 },
      "data did not match any variant of untagged enum Repr",
      "forced_chatgpt_workspace_id"
    ],
    [{ notify: "x" }, 'invalid type: string "x", expected a sequence', "notify"],
    [{ mcp_servers: 5 }, "invalid type: integer `5`, expected a map", "mcp_servers"],
    [{ tui: "x" }, 'invalid type: string "x", expected struct Tui', "tui"],
    [{ log_dir: 5 }, "invalid type: integer `5`, expected path string", "log_dir"]
  ]
  for (const [values, problem, key] of wrong) {
    it.effect(`says in the words of the original what is wrong with ${JSON.stringify(values)}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(readAnswer([user(values)], {}))
        assert.strictEqual(error.message, `invalid configuration: ${problem}\nin \`${key}\`\n`)
      })
    )
  }
})

describe("ConfigStore.layerTest", () => {
  it.effect("answers with the defaults where nothing else is scripted", () =>
    Effect.gen(function* () {
      const store = yield* ConfigStore
      assert.deepStrictEqual(yield* store.read({}), { config: CONFIG_DEFAULTS, origins: {} })
      assert.strictEqual(store.startup.sandboxMode, "read-only")
      assert.strictEqual((yield* Effect.flip(store.write({ edits: [] })))._tag, "ConfigLayerReadonly")
    }).pipe(Effect.provide(ConfigStore.layerTest()))
  )
})
