import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { ConfigEdit, MergeStrategy } from "../../src/rpc/ConfigWrite.ts"
import { home, start } from "../support/configStore.ts"
import { RUNS } from "../support/runs.ts"

const EMPTY = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
const M1 = "sha256:18eea532005374fa06577b85f8b5989f43c09ed6a2b039804c608b8aa5b192d3"

const edit = (keyPath: string, value: unknown, mergeStrategy: MergeStrategy = "replace"): ConfigEdit => ({
  keyPath,
  value,
  mergeStrategy
})

/** A store over a file, with one write to it. */
const store = Effect.fnUntraced(function* (user: string | undefined, overrides = {}) {
  const at = yield* home(user === undefined ? {} : { user })
  const { read, write } = yield* start(at, overrides)
  return {
    ...at,
    read,
    write,
    set: (keyPath: string, value: unknown, strategy?: MergeStrategy) =>
      write({ edits: [edit(keyPath, value, strategy)] })
  }
})
type Store = Effect.Success<ReturnType<typeof store>>

/** Why a write is refused, which leaves the file as it was. */
const refusal = Effect.fnUntraced(function* (at: Store, write: Parameters<Store["write"]>[0]) {
  const before = yield* at.text
  const error = yield* Effect.flip(at.write(write))
  assert.strictEqual(yield* at.text, before)
  return "problem" in error && error._tag === "InvalidConfigEdit" ? error.problem : error._tag
})

layer(NodeServices.layer, { excludeTestServices: true })("writes of the user's configuration", (it) => {
  it.effect("change a value, keep the rest as it is written, and say the version of the next read", () =>
    Effect.gen(function* () {
      const at = yield* store('# top\nmodel = "m0" # why\n\n[tui]\nnotifications = true # yes\n')
      const answer = yield* at.set("model", "m1")
      assert.strictEqual(yield* at.text, '# top\nmodel = "m1" # why\n\n[tui]\nnotifications = true # yes\n')
      const { config, layers } = yield* at.read({ includeLayers: true })
      assert.strictEqual(config.model, "m1")
      assert.deepStrictEqual(answer, {
        status: "ok",
        version: layers![0]!.version,
        filePath: at.userFile,
        overriddenMetadata: null
      })
    })
  )

  it.effect("make a missing file, and a missing directory, unless there is nothing to write", () =>
    Effect.gen(function* () {
      const at = yield* store(undefined)
      assert.strictEqual((yield* at.set("model", null)).version, EMPTY)
      assert.strictEqual((yield* at.write({ edits: [] })).version, EMPTY)
      assert.isFalse(yield* at.fs.exists(at.userFile))
      yield* at.fs.remove(at.codexHome, { recursive: true })
      assert.strictEqual((yield* at.set("model", "m1")).version, M1)
      assert.strictEqual(yield* at.text, 'model = "m1"\n')
    })
  )

  it.effect("do not touch a file that already says so", () =>
    Effect.gen(function* () {
      const at = yield* store("model = 'm' # c\n")
      const before = yield* at.fs.stat(at.userFile)
      yield* at.set("model", "m")
      yield* at.set("no_such", null)
      const after = yield* at.fs.stat(at.userFile)
      assert.deepStrictEqual([after.ino, after.mtime], [before.ino, before.mtime])
      assert.strictEqual(yield* at.text, "model = 'm' # c\n")
    })
  )

  it.effect("remove what is null, merge tables where told so, and see earlier edits of a batch", () =>
    Effect.gen(function* () {
      const at = yield* store('model = "m"\n[shell_environment_policy]\nset = { A = "1" }\n')
      yield* at.write({
        edits: [
          edit("model", null),
          edit("shell_environment_policy", { set: { B: "2" } }, "upsert"),
          edit("review_model", "r1"),
          edit("review_model", "r2")
        ]
      })
      const { layers } = yield* at.read({ includeLayers: true })
      assert.deepStrictEqual(layers?.[0]?.config, {
        review_model: "r2",
        shell_environment_policy: { set: { A: "1", B: "2" } }
      })
    })
  )

  it.effect("go to no other file, by whatever name the user's is called", () =>
    Effect.gen(function* () {
      const at = yield* store("")
      const edits = [edit("model", "m")]
      for (const filePath of ["/tmp/other.toml", "config.toml", "", "~/config.toml", at.codexHome]) {
        assert.strictEqual(yield* refusal(at, { edits, filePath }), "ConfigLayerReadonly")
      }
      yield* at.fs.symlink(at.codexHome, `${at.cwd}/link`)
      for (const filePath of [
        null,
        at.userFile,
        `${at.codexHome}/./x/../config.toml`,
        `${at.cwd}/link/config.toml`
      ]) {
        assert.strictEqual((yield* at.write({ edits, filePath })).filePath, at.userFile)
      }
    })
  )

  it.effect("need the version that they expect", () =>
    Effect.gen(function* () {
      const at = yield* store("model = 'm1'\n")
      const { version } = yield* at.write({ edits: [edit("model", "m2")], expectedVersion: M1 })
      const stale = { edits: [edit("model", "m3")], expectedVersion: M1 }
      assert.strictEqual(yield* refusal(at, stale), "ConfigVersionConflict")
      yield* at.write({ ...stale, expectedVersion: version })
      yield* at.write({ ...stale, expectedVersion: null })
    })
  )

  it.effect(
    "tell of another file first, then of a malformed one, a conflict, and the edits in their order",
    () =>
      Effect.gen(function* () {
        const at = yield* store("= nonsense\n")
        const all = { edits: [edit("", 1)], expectedVersion: "x", filePath: "/x" }
        assert.strictEqual(yield* refusal(at, all), "ConfigLayerReadonly")
        const malformed = yield* Effect.flip(at.write({ ...all, filePath: null }))
        assert.strictEqual(malformed._tag, "ConfigError")
        assert.match(
          malformed._tag === "ConfigError" ? malformed.message : "",
          new RegExp(`^failed to load configuration: ${at.userFile}:1:1: `)
        )
        yield* at.write({ edits: [] }).pipe(Effect.flip)
        const good = yield* store("model = 'm'\n")
        assert.strictEqual(yield* refusal(good, { ...all, filePath: null }), "ConfigVersionConflict")
        const edits = [edit("model", 5), edit("profile", "x"), edit("", 1)]
        assert.match(yield* refusal(good, { edits }), /^`profile` is a legacy config selector/)
      })
  )

  const invalid: ReadonlyArray<readonly [keyPath: string, value: unknown, problem: string]> = [
    ["a..b", 1, "keyPath segments must not be empty"],
    ["model", 5, "Invalid configuration: invalid type: integer `5`, expected a string\nin `model`\n"],
    [
      "sandbox_mode",
      "bogus",
      "Invalid configuration: unknown variant `bogus`, expected one of `read-only`, `workspace-write`, `danger-full-access`\nin `sandbox_mode`\n"
    ],
    [
      "shell_environment_policy.exclude",
      [1],
      "Invalid configuration: invalid type: integer `1`, expected a string\nin `shell_environment_policy.exclude`\n"
    ],
    [
      "sandbox_workspace_write.writable_roots",
      ["rel"],
      "Invalid configuration: AbsolutePathBuf deserialized without a base path\nin `sandbox_workspace_write.writable_roots`\n"
    ],
    [
      "log_dir",
      "~/x",
      "Invalid configuration: AbsolutePathBuf deserialized without a base path\nin `log_dir`\n"
    ],
    ["review_model.x", "y", "cannot set value on non-table parent"],
    ["a", { b: null }, "invalid value: invalid type: null, expected any valid TOML value"],
    ["b", [1, null], "invalid value: invalid type: null, expected any valid TOML value"],
    [
      "profile",
      "x",
      "`profile` is a legacy config selector and can no longer be written; use `--profile <name>` with `<name>.config.toml` instead"
    ],
    [
      "profiles.a.model",
      "x",
      "`profiles` contains legacy config profile tables and can no longer be written; use `--profile <name>` with `<name>.config.toml` instead"
    ]
  ]
  for (const [keyPath, value, problem] of invalid) {
    it.effect(`refuse ${keyPath} = ${JSON.stringify(value)}, and all that comes with it`, () =>
      Effect.gen(function* () {
        const at = yield* store("review_model = 'r'\nlog_dir = 'rel'\n")
        const edits = [edit("oss_provider", "o"), edit(keyPath, value), edit("zz", 1)]
        assert.strictEqual(yield* refusal(at, { edits }), problem)
      })
    )
  }

  it.effect("can mend a file with a wrong value and remove legacy keys, but change nothing else in it", () =>
    Effect.gen(function* () {
      const at = yield* store("model = 5\nprofile = 'a'\n[profiles.a]\nmodel = 'x'\n")
      assert.match(yield* refusal(at, { edits: [edit("review_model", "x")] }), /in `model`\n$/)
      yield* at.write({ edits: [edit("model", "m"), edit("profile", null), edit("profiles", null)] })
      const { layers } = yield* at.read({ includeLayers: true })
      assert.deepStrictEqual(layers?.[0]?.config, { model: "m" })
    })
  )

  it.effect("say what of the command line hides them", () =>
    Effect.gen(function* () {
      const at = yield* store("model = 'm'\n", {
        model: "over",
        sandbox_workspace_write: { network_access: true },
        foo: { bar: 1 }
      })
      const { layers } = yield* at.read({ includeLayers: true })
      const { name, version } = layers![0]!
      const hidden = (effectiveValue: unknown) => ({
        message: "Overridden by session flags",
        overridingLayer: { name, version },
        effectiveValue
      })
      const metadata = (...edits: ReadonlyArray<ConfigEdit>) =>
        Effect.map(at.write({ edits }), ({ overriddenMetadata, status }) => {
          assert.strictEqual(status, overriddenMetadata === null ? "ok" : "okOverridden")
          return overriddenMetadata
        })
      assert.deepStrictEqual(yield* metadata(edit("model", "b")), hidden("over"))
      assert.deepStrictEqual(yield* metadata(edit("model", null)), hidden("over"))
      assert.isNull(yield* metadata(edit("model", "over")))
      assert.isNull(yield* metadata(edit("tui.x", 1)))
      assert.deepStrictEqual(yield* metadata(edit("foo.bar", 3)), hidden(1))
      const workspace = "sandbox_workspace_write"
      assert.deepStrictEqual(
        yield* metadata(edit(workspace, { network_access: false })),
        hidden({ network_access: true })
      )
      assert.isNull(yield* metadata(edit(`${workspace}.exclude_slash_tmp`, true)))
      assert.deepStrictEqual(yield* metadata(edit("review_model", "r"), edit("model", "q")), hidden("over"))
      assert.strictEqual((yield* at.read({})).config.model, "over")
    })
  )

  it.effect("do not reach a running server", () =>
    Effect.gen(function* () {
      const at = yield* home({ user: "sandbox_mode = 'danger-full-access'\n" })
      const { startup, write } = yield* start(at)
      yield* write({ edits: [edit("sandbox_mode", "read-only")] })
      assert.strictEqual(startup.sandboxMode, "danger-full-access")
    })
  )

  it.effect("come one after the other, so that none is lost", () =>
    Effect.gen(function* () {
      const at = yield* store("# mine\n")
      const keys = Array.from({ length: 40 }, (_, i) => `key_${i}`)
      yield* Effect.forEach(keys, (key, i) => at.set(key, i), { concurrency: "unbounded" })
      const { layers } = yield* at.read({ includeLayers: true })
      assert.deepStrictEqual(layers?.[0]?.config, Object.fromEntries(keys.map((key, i) => [key, i])))
      assert.include(yield* at.text, "# mine\n")
      assert.deepStrictEqual(yield* at.fs.readDirectory(at.codexHome), ["config.toml"])
    })
  )

  it.effect("answer with an error where the system refuses", () =>
    Effect.gen(function* () {
      const at = yield* store(undefined)
      yield* at.fs.remove(at.codexHome, { recursive: true })
      yield* at.fs.writeFileString(at.codexHome, "a file")
      const error = yield* Effect.flip(at.set("model", "m"))
      assert.strictEqual(error._tag, "ConfigError")
    })
  )

  const Segment = Schema.Literals(["model", "tui", "a", "b", "c d", 'q"x', "é"])
  /** The wire has no others. */
  const WellFormed = Schema.String.check(Schema.isPattern(/^\P{Surrogate}*$/u))
  const Leaf = Schema.Union([
    Schema.Boolean,
    Schema.Literals([0, 1, -5]),
    WellFormed,
    Schema.Array(Schema.Literals(["x", "y"]))
  ])
  it.effect.prop(
    "make a read give the value back, and keep the other lines of the file",
    { path: Schema.NonEmptyArray(Segment), value: Leaf },
    ({ path, value }) =>
      Effect.scoped(
        Effect.gen(function* () {
          const other = "# first\nreview_model = 'r' # c\n\n[zz]  # d\n'k' = [1,\n 2]\n"
          const at = yield* store(other)
          const segments = ["desktop", ...path]
          const keyPath = segments.map((segment) => `"${segment.replace(/["\\]/g, "\\$&")}"`).join(".")
          const { version } = yield* at.set(keyPath, value)
          const { layers } = yield* at.read({ includeLayers: true })
          const expected = segments.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value)
          assert.deepStrictEqual(layers?.[0]?.config, {
            review_model: "r",
            zz: { k: [1, 2] },
            ...(expected as object)
          })
          assert.strictEqual(layers?.[0]?.version, version)
          const lines = (yield* at.text).split("\n")
          for (const line of other.split("\n")) assert.include(lines, line)
        })
      ),
    { arbitrary: { runs: Math.ceil(RUNS / 4) } }
  )
})
