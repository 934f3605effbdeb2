/** The configuration of a project: which directories have a say in one, and what they say. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import { ConfigError } from "../services/ConfigError.ts"
import type * as ConfigLayers from "../services/ConfigLayers.ts"
import { disabledReason, withoutUnsupported, type TrustNames } from "../services/ProjectTrust.ts"
import * as TomlFile from "./TomlFile.ts"

const GIT = ".git"

const isDirectory = (fs: FileSystem.FileSystem, name: string) =>
  fs.stat(name).pipe(
    Effect.map(({ type }) => type === "Directory"),
    Effect.orElseSucceed(() => false)
  )

const exists = (fs: FileSystem.FileSystem, name: string) => Effect.orElseSucceed(fs.exists(name), () => false)

/** Whether a directory has a marker. A `.git` directory is one only with a HEAD: an empty one is no repository. */
const has = Effect.fnUntraced(function* (directory: string, marker: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const file = path.join(directory, marker)
  return marker === GIT && (yield* isDirectory(fs, file))
    ? yield* exists(fs, path.join(file, "HEAD"))
    : yield* exists(fs, file)
})

/** The directory and those above it, the nearest first. */
const upwards = (path: Path.Path, directory: string): ReadonlyArray<string> => {
  const above = path.dirname(directory)
  return above === directory ? [directory] : [directory, ...upwards(path, above)]
}

/** The nearest directory at or above `directory` that has one of the markers. */
const nearest = Effect.fnUntraced(function* (directory: string, markers: ReadonlyArray<string>) {
  for (const candidate of upwards(yield* Path.Path, directory)) {
    for (const marker of markers) if (yield* has(candidate, marker)) return candidate
  }
  return undefined
})

/** The main work tree of the git repository around `directory`: its linked work trees share its trust. */
const mainRepository = Effect.fnUntraced(function* (directory: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const root = yield* nearest(directory, [GIT])
  if (root === undefined) return undefined
  // a linked work tree has a file, which says `gitdir: MAIN/.git/worktrees/NAME`
  const link = yield* Effect.orElseSucceed(fs.readFileString(path.join(root, GIT)), () => "")
  const [, gitDir = ""] = /^gitdir:\s*(.*?)\s*$/m.exec(link) ?? []
  const worktrees = path.dirname(path.resolve(root, gitDir))
  return gitDir !== "" && path.basename(worktrees) === "worktrees"
    ? path.dirname(path.dirname(worktrees))
    : root
})

/** The real name where there is one. */
const realName = (fs: FileSystem.FileSystem, name: string) =>
  Effect.orElseSucceed(fs.realPath(name), () => name)

export interface ProjectOptions {
  readonly cwd: string
  readonly markers: ReadonlyArray<string>
  /** The user's home directory. */
  readonly home: string
  /** The user's configuration directory, whose file is never one of a project. */
  readonly codexHome: string
  readonly userFile: string
  /** What the layers above and below all projects say. */
  readonly config: ConfigLayers.Layer["config"]
  readonly during: ConfigError["during"]
}

/**
 * The layers of the project around `cwd`, from there up to its root; without a root, that of `cwd` alone. Each
 * directory with a `.codex` directory makes one.
 */
export const layers = Effect.fnUntraced(function* (options: ProjectOptions) {
  const { codexHome, config, cwd, markers, userFile } = options
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const root = (yield* nearest(cwd, markers)) ?? cwd
  // only who has a say must be trusted, and most directories say nothing
  const trusted = yield* Effect.cached(
    Effect.gen(function* () {
      const realRoot = yield* realName(fs, root)
      return { realRoot, repository: yield* mainRepository(yield* realName(fs, cwd)) }
    })
  )
  const found: Array<ConfigLayers.Layer> = []
  for (const directory of upwards(path, cwd)) {
    if (directory.length < root.length) break
    const dotCodexFolder = path.join(directory, ".codex")
    if (!(yield* isDirectory(fs, dotCodexFolder))) continue
    if ((yield* realName(fs, dotCodexFolder)) === (yield* realName(fs, codexHome))) continue
    const { realRoot, repository } = yield* trusted
    const trust: TrustNames = {
      names: [yield* realName(fs, directory), directory, realRoot, root, ...(repository ? [repository] : [])],
      suggested: repository ?? realRoot
    }
    found.push(yield* layer(dotCodexFolder, disabledReason(config, trust, userFile), options))
  }
  return found
})

/** The layer of one directory; that of one which is not trusted may be malformed. */
const layer = Effect.fnUntraced(function* (
  dotCodexFolder: string,
  reason: string | undefined,
  { during, home }: ProjectOptions
) {
  const name = { type: "project", dotCodexFolder } as const
  const file = `${dotCodexFolder}/config.toml`
  const read = TomlFile.load(name, { file, home, during }).pipe(
    Effect.map((loaded) => {
      const { config, ignored } = withoutUnsupported(loaded.config)
      return { ...loaded, ...TomlFile.layerOf(name, config), ignored }
    }),
    Effect.mapError((error) => inProject(file, error))
  )
  if (reason === undefined) return yield* read
  const listed = yield* Effect.catchIf(
    read,
    (error) => error.reason === "Malformed",
    () => Effect.succeed(TomlFile.layerOf(name, {}))
  )
  return { ...listed, disabledReason: reason }
})

/** The error with the file in its text, as the original tells of the files of projects. */
const inProject = (file: string, { during, problem, range, reason }: ConfigError) =>
  new ConfigError({
    reason,
    during,
    problem:
      range === undefined
        ? `Failed to read project config file ${file}: ${problem}`
        : `Error parsing project config file ${file}: TOML parse error at line ${range.start.line}, column ${range.start.column}\n${problem}`
  })
