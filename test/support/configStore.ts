/** The configuration store over files of a test's own. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as TomlConfigStore from "../../src/layers/TomlConfigStore.ts"
import { ConfigStore } from "../../src/services/ConfigStore.ts"

/** A configuration directory, the files in it that are given, and an empty directory beside it to start in. */
export const home = Effect.fnUntraced(function* (
  files: { readonly user?: string; readonly system?: string } = {}
) {
  const fs = yield* FileSystem.FileSystem
  const root = yield* Effect.flatMap(fs.makeTempDirectoryScoped(), fs.realPath)
  const [codexHome, cwd] = [`${root}/home`, `${root}/cwd`]
  yield* fs.makeDirectory(codexHome)
  yield* fs.makeDirectory(cwd)
  const [userFile, systemFile] = [`${codexHome}/config.toml`, `${codexHome}/system.toml`]
  if (files.user !== undefined) yield* fs.writeFileString(userFile, files.user)
  if (files.system !== undefined) yield* fs.writeFileString(systemFile, files.system)
  return {
    fs,
    codexHome,
    cwd,
    userFile,
    systemFile,
    write: (text: string) => fs.writeFileString(userFile, text),
    text: fs.readFileString(userFile)
  }
})

/** The store as a server has it after its start, and what it logged. */
export const start = Effect.fnUntraced(function* (
  options: { readonly codexHome: string; readonly systemFile: string; readonly cwd: string },
  overrides: Readonly<Record<string, unknown>> = {},
  more: Partial<TomlConfigStore.TomlConfigStoreOptions> = {}
) {
  const logged: Array<unknown> = []
  const logger = Logger.layer([Logger.make(({ message }) => logged.push(message))])
  const { codexHome, cwd, systemFile } = options
  const store = TomlConfigStore.layer({ codexHome, cwd, systemFile, home: "/home/u", overrides, ...more })
  const context = yield* Layer.build(Layer.provideMerge(store, logger))
  return { ...(yield* Effect.provide(Effect.service(ConfigStore), context)), logged: logged.flat() }
})
