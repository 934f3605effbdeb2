import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Toml from "smol-toml"
import { CONFIG_DEFAULTS } from "../../src/services/ConfigDefaults.ts"
import { home, start } from "../support/configStore.ts"
import { RUNS } from "../support/runs.ts"

const trust = (directory: string, level = "trusted") =>
  `[projects.${JSON.stringify(directory)}]\ntrust_level = "${level}"\n`

/** A configuration directory and a project in `cwd`: files by their names, where null makes a directory. */
const project = Effect.fnUntraced(function* (
  files: Readonly<Record<string, string | null>>,
  user: (cwd: string) => string = () => ""
) {
  const at = yield* home()
  yield* at.write(user(at.cwd))
  for (const [name, text] of Object.entries(files)) {
    const file = `${at.cwd}/${name}`
    yield* at.fs.makeDirectory(text === null ? file : file.replace(/\/[^/]*$/, ""), { recursive: true })
    if (text !== null) yield* at.fs.writeFileString(file, text)
  }
  return at
})
type Project = Effect.Success<ReturnType<typeof project>>

/** The project layers that a read lists: their directories below the project, their model, why they are off. */
const listed = Effect.fnUntraced(function* (at: Project, cwd = at.cwd, overrides = {}) {
  const { read } = yield* start({ ...at, cwd: at.codexHome }, overrides)
  const { config, layers } = yield* read({ cwd, includeLayers: true })
  const projects = layers!.flatMap(({ config, disabledReason, name }) =>
    name.type === "project"
      ? [
          {
            folder: name.dotCodexFolder,
            model: (config as { readonly model?: string }).model,
            disabledReason
          }
        ]
      : []
  )
  return { config, projects, folders: projects.map(({ folder }) => folder) }
})

const REPOSITORY = { ".git/HEAD": "ref: refs/heads/main\n", ".codex/config.toml": "model = 'root'\n" }

layer(NodeServices.layer, { excludeTestServices: true })("project layers", (it) => {
  it.effect("go from the directory up to the root, and override the user's file under the command line", () =>
    Effect.gen(function* () {
      const at = yield* project(
        { ...REPOSITORY, "a/.codex/config.toml": "model = 'a'\n", "a/b/.codex": null },
        (cwd) => `model = "u"\nreview_model = "u"\n${trust(cwd)}`
      )
      const { config, projects } = yield* listed(at, `${at.cwd}/a/b/missing`)
      assert.deepStrictEqual(projects, [
        { folder: `${at.cwd}/a/b/.codex`, model: undefined, disabledReason: undefined },
        { folder: `${at.cwd}/a/.codex`, model: "a", disabledReason: undefined },
        { folder: `${at.cwd}/.codex`, model: "root", disabledReason: undefined }
      ])
      assert.strictEqual(config.model, "a")
      assert.strictEqual(config.review_model, "u")
      assert.strictEqual((yield* listed(at, at.cwd, { model: "flag" })).config.model, "flag")
    })
  )

  it.effect("stop at the nearest repository; an empty .git directory is none, a .git file is one", () =>
    Effect.gen(function* () {
      const inner = { "in/.codex/config.toml": "model = 'in'\n" }
      const nested = yield* project({ ...REPOSITORY, ...inner, "in/.git": "gitdir: elsewhere\n" })
      assert.deepStrictEqual((yield* listed(nested, `${nested.cwd}/in`)).folders, [`${nested.cwd}/in/.codex`])
      const empty = yield* project({ ...REPOSITORY, ...inner, "in/.git": null })
      assert.deepStrictEqual((yield* listed(empty, `${empty.cwd}/in`)).folders, [
        `${empty.cwd}/in/.codex`,
        `${empty.cwd}/.codex`
      ])
    })
  )

  it.effect("are those of the directory alone where nothing marks a root", () =>
    Effect.gen(function* () {
      const files = { ".codex/config.toml": "", "a/.codex/config.toml": "model = 'a'\n", "a/mark": "" }
      const at = yield* project(files)
      assert.deepStrictEqual((yield* listed(at, `${at.cwd}/a`)).folders, [`${at.cwd}/a/.codex`])
      const marked = yield* project({ ...files, ".hg": null }, () => 'project_root_markers = [".hg"]\n')
      assert.strictEqual((yield* listed(marked, `${marked.cwd}/a`)).folders.length, 2)
      const { folders } = yield* listed(marked, `${marked.cwd}/a`, { project_root_markers: [] })
      assert.deepStrictEqual(folders, [`${marked.cwd}/a/.codex`])
    })
  )

  it.effect(
    "take relative paths from the directory of their file, and a relative cwd from the server's",
    () =>
      Effect.gen(function* () {
        const text =
          "log_dir = 'logs'\n[sandbox_workspace_write]\nwritable_roots = ['rel', '~/x', '/y/../z']\n"
        const at = yield* project({ ...REPOSITORY, "a/.codex/config.toml": text }, trust)
        const { read } = yield* start(at)
        const { config } = yield* read({ cwd: "a" })
        assert.strictEqual(config["log_dir"], `${at.cwd}/a/.codex/logs`)
        assert.deepStrictEqual(config.sandbox_workspace_write?.writable_roots, [
          `${at.cwd}/a/.codex/rel`,
          "/home/u/x",
          "/z"
        ])
      })
  )

  it.effect("have no effect and say why unless the project is trusted", () =>
    Effect.gen(function* () {
      const at = yield* project(REPOSITORY)
      const { config, projects } = yield* listed(at)
      assert.isNull(config.model)
      assert.strictEqual(
        projects[0]?.disabledReason,
        `To load project-local config, hooks, and exec policies, add ${at.cwd} as a trusted project in ${at.userFile}.`
      )
      const flags = { projects: { [at.cwd]: { trust_level: "trusted" } } }
      assert.strictEqual((yield* listed(at, at.cwd, flags)).config.model, "root")
    })
  )

  it.effect("are trusted by the real and by the given name of a linked directory", () =>
    Effect.gen(function* () {
      for (const trusted of ["cwd", "link"]) {
        const at = yield* project(REPOSITORY)
        const link = `${at.cwd}-link`
        yield* at.fs.symlink(at.cwd, link)
        yield* at.write(trust(trusted === "cwd" ? at.cwd : link))
        const { config, folders } = yield* listed(at, link)
        assert.strictEqual(config.model, "root")
        assert.deepStrictEqual(folders, [`${link}/.codex`])
      }
    })
  )

  it.effect("below a linked directory go by the real and the given names of their own and of the root", () =>
    Effect.gen(function* () {
      const files = {
        ".hg": null,
        ".codex/config.toml": "model = 'root'\n",
        "a/.codex/config.toml": "model = 'a'\n"
      }
      for (const name of ["", "-link", "/a", "-link/a"]) {
        const at = yield* project(files)
        yield* at.fs.symlink(at.cwd, `${at.cwd}-link`)
        yield* at.write(`project_root_markers = [".hg"]\n${trust(at.cwd + name)}`)
        const { projects } = yield* listed(at, `${at.cwd}-link/a`)
        const on = projects.flatMap(({ disabledReason, model }) =>
          disabledReason === undefined ? [model] : []
        )
        assert.deepStrictEqual(on, name.endsWith("/a") ? ["a"] : ["a", "root"])
      }
    })
  )

  it.effect("of a linked work tree are trusted with its main repository", () =>
    Effect.gen(function* () {
      const at = yield* project({ "main/.git/HEAD": "", "tree/.codex/config.toml": "model = 'tree'\n" })
      yield* at.fs.writeFileString(`${at.cwd}/tree/.git`, `gitdir: ${at.cwd}/main/.git/worktrees/tree\n`)
      const { projects } = yield* listed(at, `${at.cwd}/tree`)
      assert.include(projects[0]?.disabledReason, `add ${at.cwd}/main as a trusted project`)
      yield* at.write(trust(`${at.cwd}/main`))
      assert.strictEqual((yield* listed(at, `${at.cwd}/tree`)).config.model, "tree")
    })
  )

  it.effect("lack what a project may not set", () =>
    Effect.gen(function* () {
      const text = "profile = 'x'\nopenai_base_url = 'u'\nmodel = 'm'\n"
      const at = yield* project({ ...REPOSITORY, ".codex/config.toml": text }, trust)
      const { read } = yield* start(at)
      const { layers } = yield* read({ cwd: at.cwd, includeLayers: true })
      assert.deepStrictEqual(layers?.[0]?.config, { model: "m" })
    })
  )

  it.effect("are never the user's own configuration", () =>
    Effect.gen(function* () {
      const at = yield* project({ ".codex/config.toml": "model = 'm'\n" })
      const { read } = yield* start({ ...at, codexHome: `${at.cwd}/.codex` })
      const { layers } = yield* read({ cwd: at.cwd, includeLayers: true })
      assert.deepStrictEqual(
        layers?.map(({ name }) => name.type),
        ["user", "system"]
      )
    })
  )

  it.effect("may be malformed only where they have no effect", () =>
    Effect.gen(function* () {
      const files = { ...REPOSITORY, ".codex/config.toml": "= nonsense\n" }
      const trusted = yield* project(files, trust)
      const problem = new RegExp(
        `^failed to read configuration layers: Error parsing project config file ${trusted.cwd}/.codex/config.toml: TOML parse error at line 1, column 1\n`
      )
      assert.match((yield* Effect.flip(listed(trusted))).message, problem)
      const { read } = yield* start(yield* project(files))
      assert.strictEqual((yield* read({})).config.model, null)
    })
  )

  it.effect("do not count where the trust itself cannot be read", () =>
    Effect.gen(function* () {
      const at = yield* project(REPOSITORY, (cwd) => trust(cwd, "bogus"))
      assert.strictEqual(
        (yield* Effect.flip(listed(at))).message,
        `failed to read configuration layers: ${at.userFile}:2:15: unknown variant \`bogus\`, expected \`trusted\` or \`untrusted\``
      )
    })
  )

  it.effect("count for the start of a server in the project, if it is trusted", () =>
    Effect.gen(function* () {
      const files = { ...REPOSITORY, ".codex/config.toml": "sandbox_mode = 'danger-full-access'\nzz = 1\n" }
      const at = yield* project({ ...files, sub: null }, trust)
      const trusted = yield* start({ ...at, cwd: `${at.cwd}/sub` })
      assert.strictEqual(trusted.startup.sandboxMode, "danger-full-access")
      assert.include(
        trusted.startup.warnings[0]?.summary,
        `project (${at.cwd}/.codex/config.toml): \`zz\` is ignored.`
      )
      assert.isNull((yield* trusted.read({})).config.sandbox_mode)

      const stranger = yield* project(files)
      const { startup } = yield* start(stranger)
      assert.strictEqual(startup.sandboxMode, "read-only")
      assert.deepStrictEqual(startup.warnings, [
        {
          summary: `Project-local config, hooks, and exec policies are disabled in the following folders until the project is trusted, but skills still load.\n    1. ${stranger.cwd}/.codex\n       To load project-local config, hooks, and exec policies, add ${stranger.cwd} as a trusted project in ${stranger.userFile}.\n`,
          details: null
        }
      ])
    })
  )

  const KEYS = ["model", "review_model", "oss_provider"] as const
  const Values = Schema.Record(Schema.Literals(KEYS), Schema.UndefinedOr(Schema.Literals(["a", "b"])))
  const Level = Schema.Literals(["trusted", "untrusted"])
  it.effect.prop(
    "add up to the fold of all layers that are on",
    { levels: Schema.Tuple([Level, Level, Level]), values: Schema.Tuple([Values, Values, Values, Values]) },
    ({ levels, values }) =>
      Effect.scoped(
        Effect.gen(function* () {
          const directories = ["", "a/", "a/b/"]
          const files = directories.map((directory, i) => [
            `${directory}.codex/config.toml`,
            Toml.stringify(values[i]!)
          ])
          const at = yield* project({ ".git/HEAD": "", ...Object.fromEntries(files) })
          const trusted = levels.map((level, i) =>
            trust(`${at.cwd}/${directories[i]}`.replace(/\/$/, ""), level)
          )
          yield* at.write(`${Toml.stringify(values[3])}\n${trusted.join("")}`)
          const { config, projects } = yield* listed(at, `${at.cwd}/a/b`)
          assert.deepStrictEqual(
            projects.map(({ disabledReason }) => disabledReason === undefined),
            levels.map((level) => level === "trusted").toReversed()
          )
          for (const key of KEYS) {
            const on = [2, 1, 0].filter((i) => levels[i] === "trusted").map((i) => values[i]![key])
            const expected = [...on, values[3][key], CONFIG_DEFAULTS[key]].find(
              (value) => value !== undefined
            )
            assert.strictEqual(config[key], expected)
          }
        })
      ),
    { arbitrary: { runs: Math.ceil(RUNS / 4) } }
  )
})
