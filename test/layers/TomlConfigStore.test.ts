import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Schema from "effect/Schema"
import * as Toml from "smol-toml"
import * as TomlConfigStore from "../../src/layers/TomlConfigStore.ts"
import { ConfigReadResponse } from "../../src/rpc/Config.ts"
import { CONFIG_DEFAULTS } from "../../src/services/ConfigDefaults.ts"
import { ConfigStore } from "../../src/services/ConfigStore.ts"
import { RUNS } from "../support/runs.ts"

const EMPTY = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
const M1 = "sha256:18eea532005374fa06577b85f8b5989f43c09ed6a2b039804c608b8aa5b192d3"
const BOGUS = "unknown variant `bogus`, expected one of `read-only`, `workspace-write`, `danger-full-access`"

/** A configuration directory, and the files in it that are given. */
const home = Effect.fnUntraced(function* (files: { readonly user?: string; readonly system?: string } = {}) {
  const fs = yield* FileSystem.FileSystem
  const codexHome = yield* fs.makeTempDirectoryScoped()
  const [userFile, systemFile] = [`${codexHome}/config.toml`, `${codexHome}/system.toml`]
  if (files.user !== undefined) yield* fs.writeFileString(userFile, files.user)
  if (files.system !== undefined) yield* fs.writeFileString(systemFile, files.system)
  return { fs, codexHome, userFile, systemFile, write: (text: string) => fs.writeFileString(userFile, text) }
})

/** The store as a server has it after its start, and what it logged. */
const start = Effect.fnUntraced(function* (
  options: { readonly codexHome: string; readonly systemFile: string },
  overrides: Readonly<Record<string, unknown>> = {}
) {
  const logged: Array<unknown> = []
  const logger = Logger.layer([Logger.make(({ message }) => logged.push(message))])
  const store = TomlConfigStore.layer({ ...options, overrides })
  const context = yield* Layer.build(Layer.provideMerge(store, logger))
  return { ...(yield* Effect.provide(Effect.service(ConfigStore), context)), logged: logged.flat() }
})

const KEYS = ["model", "review_model", "profile", "log_dir", "unknown"] as const
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
      const { codexHome, fs, systemFile } = yield* home()
      const { read } = yield* start({ codexHome: `${codexHome}/missing`, systemFile })
      assert.deepStrictEqual(yield* read({}), { config: CONFIG_DEFAULTS, origins: {} })
      assert.isFalse(yield* fs.exists(`${codexHome}/missing`))
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
        '{"big":9223372036854776000,"day":"1979-05-27","at":"1979-05-27T07:32:00-08:00","noon":"12:00:00.500","much":null,"__proto__":{"x":1}}'
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
          range: { start: { line: 5, column: 16 }, end: { line: 5, column: 16 } }
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
          return startup.warnings[0]?.range?.start
        })
      assert.deepStrictEqual(
        yield* place('[shell_environment_policy]\nexclude = [\n  "A",\n  5\n]\ninherit = "all"\n'),
        { line: 2, column: 11 }
      )
      assert.deepStrictEqual(yield* place("\r\n  sandbox_mode='no'\r\n"), { line: 2, column: 16 })
      assert.deepStrictEqual(yield* place("[[sandbox_mode]]\n"), { line: 1, column: 1 })
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
