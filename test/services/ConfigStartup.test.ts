import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as ConfigLayers from "../../src/services/ConfigLayers.ts"
import { startupConfig } from "../../src/services/ConfigStartup.ts"
import { defaultSandboxWorkspaceWrite } from "../../src/services/ConfigStore.ts"
import { defaultPolicy } from "../../src/services/ShellEnvironment.ts"
import { flags, system, user } from "../support/configLayers.ts"

const start = (
  layers: ReadonlyArray<ConfigLayers.Layer>,
  fallback: ReadonlyArray<ConfigLayers.Layer> = [],
  strict = false
) => startupConfig(Effect.succeed(layers), Effect.succeed(fallback), strict)

describe("startupConfig", () => {
  it.effect("is confined to reading, and passes the environment, without a configuration", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* start([user({})]), {
        sandboxMode: "read-only",
        sandboxWorkspaceWrite: defaultSandboxWorkspaceWrite,
        shellEnvironmentPolicy: defaultPolicy,
        warnings: []
      })
    })
  )

  it.effect("says what commands may write and reach", () =>
    Effect.gen(function* () {
      const layer = user({
        sandbox_mode: "workspace-write",
        sandbox_workspace_write: {
          writable_roots: ["/a", "/b"],
          network_access: true,
          exclude_tmpdir_env_var: true,
          exclude_slash_tmp: true
        }
      })
      const { sandboxMode, sandboxWorkspaceWrite } = yield* start([layer])
      assert.strictEqual(sandboxMode, "workspace-write")
      assert.deepStrictEqual(sandboxWorkspaceWrite, {
        writableRoots: ["/a", "/b"],
        networkAccess: true,
        excludeTmpdirEnvVar: true,
        excludeSlashTmp: true
      })
    })
  )

  it.effect("uses nothing of a configuration with a wrong value, wherever that is", () =>
    Effect.gen(function* () {
      for (const wrong of [
        { model: 5 },
        { sandbox_workspace_write: { network_access: "x" } },
        { history: { max_bytes: -1 } }
      ]) {
        const started = yield* start([user({ ...wrong, sandbox_mode: "danger-full-access" })])
        assert.strictEqual(started.sandboxMode, "read-only")
        assert.strictEqual(started.warnings.length, 1)
        assert.strictEqual(started.warnings[0]?.summary, "Invalid configuration; using defaults.")
      }
    })
  )

  it.effect("goes by the layers without users and projects then", () =>
    Effect.gen(function* () {
      const machine = system({ sandbox_mode: "workspace-write" })
      const { sandboxMode } = yield* start([user({ model: 5 }), machine], [machine])
      assert.strictEqual(sandboxMode, "workspace-write")
    })
  )

  it.effect("does not pass over a legacy profile, which might have confined commands", () =>
    Effect.gen(function* () {
      const started = yield* start([user({ profile: "a", sandbox_mode: "danger-full-access" })])
      assert.strictEqual(started.sandboxMode, "read-only")
      assert.deepStrictEqual(started.warnings, [
        {
          summary: "Invalid configuration; using defaults.",
          details:
            'legacy `profile = "a"` config is no longer supported; use `--profile a` with `a.config.toml` instead'
        }
      ])
    })
  )

  it.effect("lets the command line decide over a wrong value in a file", () =>
    Effect.gen(function* () {
      const session = flags({ sandbox_mode: "danger-full-access" })
      const started = yield* start([session, user({ sandbox_mode: "bogus" })], [session])
      assert.strictEqual(started.sandboxMode, "danger-full-access")
      assert.deepStrictEqual(started.warnings, [])
    })
  )

  it.effect("does not start with a wrong value from the command line", () =>
    Effect.gen(function* () {
      const session = flags({ model: 5 })
      const error = yield* Effect.flip(start([session, user({})], [session]))
      assert.strictEqual(error.message, "invalid type: integer `5`, expected a string\nin `model`\n")
    })
  )

  it.effect("names an unknown key of the command line first when it is strict, then those of files", () =>
    Effect.gen(function* () {
      const session = flags({ sandbox_workspace_write: { bogus: 1 } })
      const message = (layers: ReadonlyArray<ConfigLayers.Layer>) =>
        Effect.map(Effect.flip(start(layers, [], true)), (error) => error.message)
      assert.strictEqual(
        yield* message([session, user({ zz: 1 })]),
        "unknown configuration field `sandbox_workspace_write.bogus` in -c/--config override"
      )
      assert.strictEqual(
        yield* message([user({ b: 1, a: 1 })]),
        "/h/config.toml: unknown configuration field `b`"
      )
      assert.strictEqual(
        yield* message([user({ zz: 1, model: 5 })]),
        "/h/config.toml: invalid type: integer `5`, expected a string"
      )
    })
  )
})
