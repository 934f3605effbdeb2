import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Toml from "smol-toml"
import { ConfigReadResponse } from "../../src/rpc/Config.ts"
import { CONFIG_DEFAULTS } from "../../src/services/ConfigDefaults.ts"
import { home, start } from "../support/configStore.ts"
import { RUNS } from "../support/runs.ts"

const EMPTY = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
const M1 = "sha256:18eea532005374fa06577b85f8b5989f43c09ed6a2b039804c608b8aa5b192d3"
const BOGUS = "unknown variant `bogus`, expected one of `read-only`, `workspace-write`, `danger-full-access`"

const KEYS = ["model", "review_model", "openai_base_url", "oss_provider", "unknown"] as const
const Values = Schema.Record(Schema.Literals(KEYS), Schema.UndefinedOr(Schema.Literals(["a", "b", "c"])))

layer(NodeServices.layer, { excludeTestServices: true })("TomlConfigStore", (it) => {
  it.effect("answers without files exactly as an empty server of the original", () =>
    Effect.gen(function* () {
      const at = yield* home()
      const { logged, read, startup } = yield* start(at)
      assert.deepStrictEqual(yield* read({ includeLayers: true, cwd: "/nonexistent" }), {
        config: CONFIG_DEFAULTS,
        origins: {},
        layers: [
          { name: { type: "user", file: at.userFile, profile: null }, version: EMPTY, config: {} },
          { name: { type: "system", file: at.systemFile }, version: EMPTY, config: {} }
        ]
      })
      assert.strictEqual(startup.sandboxMode, "read-only")
      assert.deepStrictEqual(startup.warnings, [])
      assert.deepStrictEqual(logged, [])
    })
  )

  it.effect("needs no configuration directory, and makes none", () =>
    Effect.gen(function* () {
      const at = yield* home()
      const { read } = yield* start({ ...at, codexHome: `${at.codexHome}/missing` })
      assert.deepStrictEqual(yield* read({}), { config: CONFIG_DEFAULTS, origins: {} })
      assert.isFalse(yield* at.fs.exists(`${at.codexHome}/missing`))
    })
  )

  it.effect("reads the files anew on each call, and lists layers only when asked", () =>
    Effect.gen(function* () {
      const at = yield* home({ user: 'model = "m0"\n' })
      const { read } = yield* start(at)
      yield* at.write('# a comment\n  model  =  "m1"\n')
      const answer = yield* read({})
      assert.strictEqual(answer.config.model, "m1")
      assert.isFalse("layers" in answer)
      assert.deepStrictEqual(answer.origins, {
        model: { name: { type: "user", file: at.userFile, profile: null }, version: M1 }
      })
      assert.isFalse("layers" in (yield* read({ includeLayers: false })))
    })
  )

  it.effect("goes by what the files said at the start", () =>
    Effect.gen(function* () {
      const at = yield* home({ user: 'sandbox_mode = "workspace-write"\n' })
      const { read, startup } = yield* start(at)
      yield* at.write('sandbox_mode = "danger-full-access"\n')
      assert.strictEqual((yield* read({})).config.sandbox_mode, "danger-full-access")
      assert.strictEqual(startup.sandboxMode, "workspace-write")
    })
  )

  it.effect("honours the file of the machine, under the user's, under the command line", () =>
    Effect.gen(function* () {
      const at = yield* home({
        system:
          'sandbox_mode = "danger-full-access"\nmodel = "s"\n[shell_environment_policy]\ninherit = "core"\n',
        user: 'model = "u"\n[shell_environment_policy]\nset = { A = "1" }\nexclude = ["B*"]\n'
      })
      const { read, startup } = yield* start(at, { model: "flag", foo: { bar: 1 } })
      assert.strictEqual(startup.sandboxMode, "danger-full-access")
      assert.deepStrictEqual(startup.shellEnvironmentPolicy, {
        inherit: "core",
        ignoreDefaultExcludes: true,
        exclude: ["B*"],
        set: { A: "1" },
        includeOnly: []
      })
      const { config, layers, origins } = yield* read({ includeLayers: true })
      assert.strictEqual(config.model, "flag")
      assert.isUndefined(config["foo"])
      assert.deepStrictEqual(
        layers?.map(({ name }) => name.type),
        ["sessionFlags", "user", "system"]
      )
      assert.deepStrictEqual(layers?.[0]?.config, { model: "flag", foo: { bar: 1 } })
      assert.deepStrictEqual(
        Object.entries(origins).map(([path, { name }]) => [path, name.type]),
        [
          ["model", "sessionFlags"],
          ["foo.bar", "sessionFlags"],
          ["shell_environment_policy.set.A", "user"],
          ["shell_environment_policy.exclude.0", "user"],
          ["sandbox_mode", "system"],
          ["shell_environment_policy.inherit", "system"]
        ]
      )
    })
  )

  it.effect("answers with JSON for all that TOML can say", () =>
    Effect.gen(function* () {
      const at = yield* home({
        user: "big = 9223372036854775807\nday = 1979-05-27\nat = 1979-05-27T07:32:00-08:00\nnoon = 12:00:00.5\nmuch = inf\n__proto__.x = 1\n"
      })
      const { read } = yield* start(at)
      const answer = Schema.encodeUnknownSync(ConfigReadResponse)(yield* read({ includeLayers: true }))
      assert.strictEqual(
        JSON.stringify(answer.layers?.[0]?.config),
        '{"big":9223372036854776000,"day":{"$__toml_private_datetime":"1979-05-27"},"at":{"$__toml_private_datetime":"1979-05-27T07:32:00-08:00"},"noon":{"$__toml_private_datetime":"12:00:00.5"},"much":null,"__proto__":{"x":1}}'
      )
    })
  )

  it.effect("starts with the defaults and a warning when a file is malformed", () =>
    Effect.gen(function* () {
      const at = yield* home({ user: "= nonsense\n" })
      const { logged, read, startup } = yield* start(at)
      const details = `${at.userFile}:1:1: unexpected end of key`
      assert.strictEqual(startup.sandboxMode, "read-only")
      assert.deepStrictEqual(startup.warnings, [
        {
          summary: "Invalid configuration; using defaults.",
          details,
          path: at.userFile,
          range: { start: { line: 1, column: 1 }, end: { line: 1, column: 1 } }
        }
      ])
      assert.deepStrictEqual(logged, [`Invalid configuration; using defaults. ${details}`])
      const error = yield* Effect.flip(read({}))
      assert.strictEqual(error.reason, "Malformed")
      assert.strictEqual(error.message, `failed to read configuration layers: ${details}`)
    })
  )

  it.effect("says where in the file a value is wrong", () =>
    Effect.gen(function* () {
      const at = yield* home({ user: 'list = [\n  1\n]\n\nsandbox_mode = "bogus" # ?\nmodel = "m"\n' })
      const { read, startup } = yield* start(at)
      assert.strictEqual(startup.sandboxMode, "read-only")
      assert.deepStrictEqual(startup.warnings, [
        {
          summary: "Invalid configuration; using defaults.",
          details: `${at.userFile}:5:16: ${BOGUS}`,
          path: at.userFile,
          range: { start: { line: 5, column: 16 }, end: { line: 5, column: 22 } }
        }
      ])
      const error = yield* Effect.flip(read({}))
      assert.strictEqual(error.reason, "Invalid")
      assert.strictEqual(error.message, `invalid configuration: ${BOGUS}\nin \`sandbox_mode\`\n`)
    })
  )

  it.effect("finds a value in a table, after a header, and over several lines", () =>
    Effect.gen(function* () {
      const place = (user: string) =>
        Effect.gen(function* () {
          const { startup } = yield* start(yield* home({ user }))
          const { end, start: from } = startup.warnings[0]!.range!
          return [from.line, from.column, end.line, end.column]
        })
      const policy = '[shell_environment_policy]\nexclude = [\n  "A",\n  5\n]\ninherit = "all"\n'
      assert.deepStrictEqual(yield* place(policy), [4, 3, 4, 3])
      assert.deepStrictEqual(yield* place("\r\n  sandbox_mode='no'\r\n"), [2, 16, 2, 19])
      assert.deepStrictEqual(yield* place("[[sandbox_mode]]\n"), [1, 1, 1, 16])
      assert.deepStrictEqual(yield* place("model = 5\n"), [1, 9, 1, 9])
      assert.deepStrictEqual(yield* place('model = "é"\nsandbox_mode = "bögus" # x\n'), [2, 16, 2, 22])
      assert.deepStrictEqual(yield* place("model = [\n 1,\n 2\n]\n"), [1, 9, 4, 1])
      assert.deepStrictEqual(yield* place("shell_environment_policy={inherit='x'}\n"), [1, 35, 1, 37])
    })
  )

  it.effect("takes relative paths from the directory of their file, and `~` as home", () =>
    Effect.gen(function* () {
      const at = yield* home({
        user: "sqlite_home = '~'\n[sandbox_workspace_write]\nwritable_roots = ['rel', '~/x', '/abs/../y/', '']\n",
        system: "log_dir = 'logs'\n"
      })
      const { read, startup } = yield* start(at)
      const roots = [`${at.codexHome}/rel`, "/home/u/x", "/y", at.codexHome]
      assert.deepStrictEqual(startup.sandboxWorkspaceWrite.writableRoots, roots)
      const { config, layers } = yield* read({ includeLayers: true })
      assert.deepStrictEqual(layers?.[0]?.config, {
        sqlite_home: "/home/u",
        sandbox_workspace_write: { writable_roots: roots }
      })
      assert.strictEqual(config["log_dir"], `${at.codexHome}/logs`)
    })
  )

  it.effect("takes relative paths of the command line from the project, else from the configuration", () =>
    Effect.gen(function* () {
      const at = yield* home()
      const { read, startup } = yield* start(at, { sandbox_workspace_write: { writable_roots: ["rel"] } })
      const roots = (params: Parameters<typeof read>[0]) =>
        Effect.map(read(params), ({ config }) => config.sandbox_workspace_write?.writable_roots)
      assert.deepStrictEqual(startup.sandboxWorkspaceWrite.writableRoots, [`${at.cwd}/rel`])
      assert.deepStrictEqual(yield* roots({}), [`${at.codexHome}/rel`])
      assert.deepStrictEqual(yield* roots({ cwd: "/p" }), ["/p/rel"])
    })
  )

  it.effect("warns of keys that nobody knows, and logs it", () =>
    Effect.gen(function* () {
      const at = yield* home({ user: "no_such_key = 1\n" })
      const { logged, startup } = yield* start(at)
      const summary = `Codex is ignoring 1 unrecognized configuration setting. Check for typos or deprecated settings.\n  user (${at.userFile}): \`no_such_key\` is ignored.`
      assert.deepStrictEqual(startup.warnings, [{ summary, details: null }])
      assert.deepStrictEqual(logged, [summary])
    })
  )

  it.effect("is strict when told so: unknown keys and wrong values are errors with their place", () =>
    Effect.gen(function* () {
      const problem = (user: string, overrides = {}) =>
        Effect.gen(function* () {
          const at = yield* home({ user })
          const error = yield* Effect.flip(start(at, overrides, { strictConfig: true }))
          assert.strictEqual(error._tag, "ConfigError")
          return error.message.replace(at.userFile, "FILE")
        })
      assert.strictEqual(yield* problem("zz = 1\n"), "FILE:1:1: unknown configuration field `zz`")
      assert.strictEqual(
        yield* problem("\n  [tools]\n    zz = [1,\n2]\n"),
        "FILE:3:5: unknown configuration field `tools.zz`"
      )
      assert.strictEqual(yield* problem("[foo.bar]\nx = 1\n"), "FILE:1:2: unknown configuration field `foo`")
      assert.strictEqual(
        yield* problem("sandbox_workspace_write.bogus = 1\n"),
        "FILE:1:25: unknown configuration field `sandbox_workspace_write.bogus`"
      )
      assert.strictEqual(
        yield* problem("zz = 1\n", { foo: 1 }),
        "unknown configuration field `foo` in -c/--config override"
      )
      assert.strictEqual(
        yield* problem("model = 5\n"),
        "FILE:1:9: invalid type: integer `5`, expected a string"
      )
      assert.match(yield* problem("= nonsense\n"), /^FILE:1:1: /)
    })
  )

  it.effect("stays strict for what comes into a file later", () =>
    Effect.gen(function* () {
      const at = yield* home({ user: "model = 'm'\n" })
      const { read, startup } = yield* start(at, {}, { strictConfig: true })
      assert.deepStrictEqual(startup.warnings, [])
      yield* at.write("zz = 1\n")
      assert.strictEqual(
        (yield* Effect.flip(read({}))).message,
        `failed to read configuration layers: ${at.userFile}:1:1: unknown configuration field \`zz\``
      )
    })
  )

  it.effect("lets the command line count even when a file is malformed", () =>
    Effect.gen(function* () {
      const { startup } = yield* start(yield* home({ user: "= nonsense\n" }), {
        sandbox_mode: "danger-full-access"
      })
      assert.strictEqual(startup.sandboxMode, "danger-full-access")
      assert.strictEqual(startup.warnings.length, 1)
    })
  )

  it.effect(
    "lets the machine's file count even when the user's is malformed, and does not start without it",
    () =>
      Effect.gen(function* () {
        const system = 'sandbox_mode = "workspace-write"\n'
        const { startup } = yield* start(yield* home({ user: "= nonsense\n", system }))
        assert.strictEqual(startup.sandboxMode, "workspace-write")
        const at = yield* home({ user: "model = 'm'\n", system: "= nonsense\n" })
        const error = yield* Effect.flip(start(at))
        assert.strictEqual(error.reason, "Malformed")
        assert.include(error.message, `${at.systemFile}:1:1: `)
      })
  )

  it.effect("does not start with a wrong value from the command line", () =>
    Effect.gen(function* () {
      for (const user of ["", "= nonsense\n"]) {
        const error = yield* Effect.flip(start(yield* home({ user }), { sandbox_mode: "bogus" }))
        assert.strictEqual(error._tag, "ConfigError")
        assert.strictEqual(error.reason, "Invalid")
        assert.strictEqual(error.message, `${BOGUS}\nin \`sandbox_mode\`\n`)
      }
    })
  )

  it.effect("tells of a file that cannot be read, or is not text", () =>
    Effect.gen(function* () {
      const at = yield* home()
      yield* at.fs.makeDirectory(at.userFile)
      const { read, startup } = yield* start(at)
      const details = `${at.userFile}: Is a directory (os error 21)`
      assert.deepStrictEqual(startup.warnings, [
        { summary: "Invalid configuration; using defaults.", details, path: at.userFile }
      ])
      const error = yield* Effect.flip(read({}))
      assert.strictEqual(error.reason, "Unreadable")
      assert.strictEqual(error.message, `failed to read configuration layers: ${details}`)

      const binary = yield* home()
      yield* binary.fs.writeFile(binary.userFile, Uint8Array.of(0x61, 0xff))
      const { startup: started } = yield* start(binary)
      assert.strictEqual(
        started.warnings[0]?.details,
        `${binary.userFile}: stream did not contain valid UTF-8`
      )
    })
  )

  it.effect("passes what is set for `__proto__` on as a variable", () =>
    Effect.gen(function* () {
      const { startup } = yield* start(
        yield* home({ user: "shell_environment_policy.set.__proto__ = 'x'\n" })
      )
      assert.deepStrictEqual(Object.entries(startup.shellEnvironmentPolicy.set), [["__proto__", "x"]])
    })
  )

  it.effect.prop(
    "answers for each key with the strongest source that has it",
    { flags: Values, user: Values, system: Values },
    ({ flags, system, user }) =>
      Effect.scoped(
        Effect.gen(function* () {
          const at = yield* home({ user: Toml.stringify(user), system: Toml.stringify(system) })
          const set = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined))
          const { config, origins } = yield* (yield* start(at, set)).read({})
          for (const key of KEYS) {
            const value = flags[key] ?? user[key] ?? system[key]
            assert.strictEqual(config[key], key === "unknown" ? undefined : (value ?? CONFIG_DEFAULTS[key]))
            const source = flags[key]
              ? "sessionFlags"
              : user[key]
                ? "user"
                : system[key]
                  ? "system"
                  : undefined
            assert.strictEqual(origins[key]?.name.type, source)
          }
        })
      ),
    { arbitrary: { runs: RUNS } }
  )
})
