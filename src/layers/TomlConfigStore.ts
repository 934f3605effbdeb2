/** The configuration in TOML files: the command line over the project's over the user's over that of the machine. */
import * as os from "node:os"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import * as Semaphore from "effect/Semaphore"
import type { ConfigLayerSource } from "../rpc/Config.ts"
import { readAnswer } from "../services/ConfigAnswer.ts"
import { checkKeys, checkProjectKeys } from "../services/ConfigCheck.ts"
import { CONFIG_DEFAULTS } from "../services/ConfigDefaults.ts"
import type { ConfigError } from "../services/ConfigError.ts"
import * as ConfigLayers from "../services/ConfigLayers.ts"
import { mapPaths } from "../services/ConfigPaths.ts"
import { startupConfig } from "../services/ConfigStartup.ts"
import { ConfigStore } from "../services/ConfigStore.ts"
import * as ProjectConfig from "./ProjectConfig.ts"
import * as TomlFile from "./TomlFile.ts"
import * as UserConfig from "./UserConfig.ts"

/** The configuration of the machine, as in the original. */
export const SYSTEM_FILE = "/etc/codex/config.toml"

export interface TomlConfigStoreOptions {
  /** The user's configuration directory, absolute; neither it nor `config.toml` in it need exist. */
  readonly codexHome: string
  /** Values that are stronger than any file. */
  readonly overrides: Readonly<Record<string, unknown>>
  /** {@link SYSTEM_FILE} where it is not given; it need not exist. */
  readonly systemFile?: string
  /** Makes what is bad or unknown an error also in files. */
  readonly strictConfig?: boolean
  /** The directory whose project counts at the start; by default that of this process. */
  readonly cwd?: string
  /** What `~` is in paths; by default the home directory of this process's user. */
  readonly home?: string
}

/**
 * Fails where `overrides`, or the file of the machine, have a value that no configuration may have; bad files of
 * users and projects only make a warning.
 */
export const layer = (
  options: TomlConfigStoreOptions
): Layer.Layer<ConfigStore, ConfigError, FileSystem.FileSystem | Path.Path> =>
  Layer.effect(
    ConfigStore,
    Effect.gen(function* () {
      const services = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
      const path = yield* Path.Path
      const { codexHome, overrides, strictConfig = false } = options
      const home = options.home ?? os.homedir()
      const serverCwd = options.cwd ?? process.cwd()
      const userFile = path.join(codexHome, "config.toml")
      const systemFile = options.systemFile ?? SYSTEM_FILE
      const user: ConfigLayerSource = { type: "user", file: userFile, profile: null }
      const system: ConfigLayerSource = { type: "system", file: systemFile }

      /** Paths on the command line start at the project, or at the configuration. */
      const sessionFlags = (base: string): ReadonlyArray<ConfigLayers.Layer> => {
        if (Object.keys(overrides).length === 0) return []
        const config = mapPaths(ConfigLayers.tableToJson(overrides), TomlFile.absolute(path, base, home))
        return [TomlFile.layerOf({ type: "sessionFlags" }, config)]
      }

      const machine = (during: ConfigError["during"]) =>
        Effect.provide(TomlFile.load(system, { file: systemFile, home, during }), services)

      const layers = Effect.fnUntraced(function* (during: ConfigError["during"], cwd?: string) {
        const flags = sessionFlags(cwd ?? codexHome)
        const files = yield* Effect.all(
          [TomlFile.load(user, { file: userFile, home, during }), machine(during)],
          { concurrency: "unbounded" }
        )
        if (cwd === undefined) return [...flags, ...files]
        const { project_root_markers: markers } = yield* checkProjectKeys([...flags, ...files], during)
        const config = ConfigLayers.effective([...flags, ...files], CONFIG_DEFAULTS)
        const options = { cwd, markers: markers ?? [], home, codexHome, userFile, config, during }
        return [...flags, ...(yield* ProjectConfig.layers(options)), ...files]
      }, Effect.provide(services))

      const startup = yield* startupConfig(
        layers("Start", serverCwd),
        Effect.map(machine("Start"), (layer) => [...sessionFlags(serverCwd), layer]),
        strictConfig
      )
      for (const { details, summary } of startup.warnings) {
        yield* Effect.logError(details === null ? summary : `${summary} ${details}`)
      }
      const writing = yield* Semaphore.make(1)
      return {
        read: (params) =>
          Effect.gen(function* () {
            const { cwd } = params
            const found = yield* layers(
              "Read",
              typeof cwd === "string" ? TomlFile.absolute(path, serverCwd, home)(cwd) : undefined
            )
            if (strictConfig) yield* checkKeys(found, "Read")
            return yield* readAnswer(found, params)
          }),
        write: (write) =>
          UserConfig.write(write, {
            name: user,
            file: userFile,
            home,
            sessionFlags: sessionFlags(codexHome)
          }).pipe(writing.withPermit, Effect.provide(services)),
        startup
      }
    })
  )
