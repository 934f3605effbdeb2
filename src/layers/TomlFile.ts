/** A configuration file as a layer. */
import * as crypto from "node:crypto"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as Result from "effect/Result"
import type { ConfigLayerSource } from "../rpc/Config.ts"
import { ConfigError } from "../services/ConfigError.ts"
import * as ConfigLayers from "../services/ConfigLayers.ts"
import { mapPaths } from "../services/ConfigPaths.ts"
import * as SystemError from "../services/SystemError.ts"
import * as TomlDocument from "./TomlDocument.ts"

const sha256: ConfigLayers.Sha256 = (text) => crypto.createHash("sha256").update(text).digest("hex")

/** A layer that has no file. */
export const layerOf = (
  name: ConfigLayerSource,
  config: ConfigLayers.Layer["config"],
  range?: ConfigLayers.Layer["range"]
): ConfigLayers.Layer => ({
  name,
  // the start has no use for it
  get version() {
    return ConfigLayers.version(sha256, config)
  },
  config,
  ...(range && { range })
})

/** Turns the paths that a file in the directory `base` has into absolute ones; `~` is `home`. */
export const absolute =
  (path: Path.Path, base: string, home: string) =>
  (text: string): string =>
    path.resolve(
      base,
      text.replace(/^~(?=\/|$)/, () => home)
    )

/** The text of a file; that of a missing one is empty. */
export const read = Effect.fnUntraced(function* (file: string, during: ConfigError["during"]) {
  const fs = yield* FileSystem.FileSystem
  const unreadable = (problem: string) =>
    new ConfigError({ reason: "Unreadable", during, problem, path: file })
  const bytes = yield* fs.readFile(file).pipe(
    Effect.catchIf(
      (error) => error.reason._tag === "NotFound",
      () => Effect.succeed(new Uint8Array())
    ),
    Effect.mapError((error) => unreadable(SystemError.text(error)))
  )
  return yield* Effect.try({
    try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    catch: () => unreadable("stream did not contain valid UTF-8")
  })
})

export interface TomlFile {
  readonly file: string
  /** The user's home directory. */
  readonly home: string
  readonly during: ConfigError["during"]
}

/** What a file with this text says. */
export const layerOfText = Effect.fnUntraced(function* (
  name: ConfigLayerSource,
  text: string,
  { during, file, home }: TomlFile
) {
  const path = yield* Path.Path
  const parsed = Result.mapError(TomlDocument.parse(text), ({ column, line, problem }) => {
    const at = { line, column }
    return new ConfigError({
      reason: "Malformed",
      during,
      problem,
      path: file,
      range: { start: at, end: at }
    })
  })
  const document = yield* Effect.fromResult(parsed)
  const config = mapPaths(document.table, absolute(path, path.dirname(file), home))
  const range: ConfigLayers.Layer["range"] = (key, of) =>
    of === "key" ? document.keyRange(key) : document.valueRange(key)
  return layerOf(name, config, range)
})

/** A file as a layer; a missing one is empty. */
export const load = (name: ConfigLayerSource, from: TomlFile) =>
  Effect.flatMap(read(from.file, from.during), (text) => layerOfText(name, text, from))
