/** The configuration in TOML files: the command line over the user's file over that of the machine. */
import * as crypto from "node:crypto"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import * as Result from "effect/Result"
import * as Toml from "smol-toml"
import type { ConfigLayerSource } from "../rpc/Config.ts"
import * as ConfigLayers from "../services/ConfigLayers.ts"
import { ConfigError, ConfigStore, readAnswer, startupConfig } from "../services/ConfigStore.ts"
import * as SystemError from "../services/SystemError.ts"

/** The configuration of the machine, as in the original. */
export const SYSTEM_FILE = "/etc/codex/config.toml"

export interface TomlConfigStoreOptions {
  /** The user's configuration directory, absolute; neither it nor `config.toml` in it need exist. */
  readonly codexHome: string
  /** Values that are stronger than any file. */
  readonly overrides: Readonly<Record<string, unknown>>
  /** {@link SYSTEM_FILE} where it is not given; it need not exist. */
  readonly systemFile?: string
}

type FileSource = Extract<ConfigLayerSource, { readonly file: string }>

const sha256: ConfigLayers.Sha256 = (text) => crypto.createHash("sha256").update(text).digest("hex")

const layerOf = (name: ConfigLayerSource, table: object): ConfigLayers.Layer => {
  const config = ConfigLayers.tableToJson(table)
  return { name, version: ConfigLayers.version(sha256, config), config }
}

const parse = (text: string) => Toml.parse(text, { integersAsBigInt: "asNeeded" })

/**
 * Where the value at `path` starts. The parser does not say, so ever longer beginnings of the text are parsed
 * until one has the value; that is slow, but only a bad file comes here, once.
 */
const place =
  (text: string) =>
  (path: ReadonlyArray<string>): ConfigLayers.Position | undefined => {
    const lines = text.split(/\r?\n/)
    let statement = 0
    for (const end of lines.keys()) {
      const beginning = Result.try(() => parse(lines.slice(0, end + 1).join("\n")))
      if (Result.isFailure(beginning)) continue
      if (ConfigLayers.valueAt(beginning.success, path) !== undefined) {
        const [before] = /^([^=]*=)?\s*/.exec(lines[statement]!)!
        return { line: statement + 1, column: before.length + 1 }
      }
      statement = end + 1
    }
    return undefined
  }

/** A file as a layer; a missing one is empty. */
const readFile = Effect.fnUntraced(function* (
  fs: FileSystem.FileSystem,
  name: FileSource,
  during: ConfigError["during"]
) {
  const path = name.file
  const unreadable = (problem: string) => new ConfigError({ reason: "Unreadable", during, problem, path })
  const bytes = yield* fs.readFile(path).pipe(
    Effect.catchIf(
      (error) => error.reason._tag === "NotFound",
      () => Effect.succeed(new Uint8Array())
    ),
    Effect.mapError((error) => unreadable(SystemError.text(error)))
  )
  const text = yield* Effect.try({
    try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    catch: () => unreadable("stream did not contain valid UTF-8")
  })
  const table = yield* Effect.try({
    try: () => parse(text),
    catch: (cause) =>
      cause instanceof Toml.TomlError
        ? new ConfigError({
            reason: "Malformed",
            during,
            // the parser's text goes on with an excerpt of the file
            problem: cause.message.replace(/^Invalid TOML document: /, "").replace(/\n[^]*$/, ""),
            path,
            position: { line: cause.line, column: cause.column }
          })
        : unreadable(SystemError.text(cause))
  })
  return { ...layerOf(name, table), place: place(text) }
})

/** Fails where `overrides` have a value that no configuration may have; bad files only make a warning. */
export const layer = (
  options: TomlConfigStoreOptions
): Layer.Layer<ConfigStore, ConfigError, FileSystem.FileSystem | Path.Path> =>
  Layer.effect(
    ConfigStore,
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const sessionFlags =
        Object.keys(options.overrides).length === 0
          ? []
          : [layerOf({ type: "sessionFlags" }, options.overrides)]
      const files: ReadonlyArray<FileSource> = [
        { type: "user", file: path.join(options.codexHome, "config.toml"), profile: null },
        { type: "system", file: options.systemFile ?? SYSTEM_FILE }
      ]
      const layers = (during: ConfigError["during"]) =>
        Effect.map(
          Effect.forEach(files, (name) => readFile(fs, name, during), { concurrency: "unbounded" }),
          (read) => [...sessionFlags, ...read]
        )
      const startup = yield* Effect.fromResult(
        startupConfig(yield* Effect.result(layers("Start")), sessionFlags)
      )
      for (const { details, summary } of startup.warnings) yield* Effect.logError(`${summary} ${details}`)
      return {
        read: (params) =>
          Effect.flatMap(layers("Read"), (layers) => Effect.fromResult(readAnswer(layers, params))),
        startup
      }
    })
  )
