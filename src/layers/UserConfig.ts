/** Changes the user's file: what it says, not how it is written. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as Result from "effect/Result"
import type { ConfigLayerSource } from "../rpc/Config.ts"
import type { ConfigWriteResponse } from "../rpc/ConfigWrite.ts"
import { check } from "../services/ConfigCheck.ts"
import * as ConfigEdits from "../services/ConfigEdits.ts"
import type * as ConfigLayers from "../services/ConfigLayers.ts"
import type { ConfigWrite } from "../services/ConfigStore.ts"
import { ConfigToml } from "../services/ConfigToml.ts"
import {
  ConfigLayerReadonly,
  ConfigUnwritable,
  ConfigVersionConflict,
  InvalidConfigEdit
} from "../services/ConfigWriteError.ts"
import * as SystemError from "../services/SystemError.ts"
import * as AtomicFile from "./AtomicFile.ts"
import * as TomlDocument from "./TomlDocument.ts"
import * as TomlFile from "./TomlFile.ts"

export interface UserConfig {
  readonly name: ConfigLayerSource
  readonly file: string
  /** The user's home directory. */
  readonly home: string
  readonly sessionFlags: ReadonlyArray<ConfigLayers.Layer>
}

/** Whether two names are of one file; a relative one never is. */
const isSameFile = Effect.fnUntraced(function* (one: string, other: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  if (!path.isAbsolute(one)) return false
  if (path.resolve(one) === other) return true
  const real = (file: string) => Effect.orElseSucceed(fs.realPath(file), () => undefined)
  const found = yield* real(one)
  return found !== undefined && found === (yield* real(other))
})

/** Makes all of the changes, or none. The checks come in the order of the original. */
export const write = Effect.fnUntraced(function* (
  { edits, expectedVersion, filePath }: ConfigWrite,
  { file, home, name, sessionFlags }: UserConfig
) {
  if (typeof filePath === "string" && !(yield* isSameFile(filePath, file))) {
    return yield* Effect.fail(new ConfigLayerReadonly())
  }
  const from = { file, home, during: "Write" } as const
  const text = yield* TomlFile.read(file, "Write")
  const { version } = yield* TomlFile.layerOfText(name, text, from)
  if (typeof expectedVersion === "string" && expectedVersion !== version) {
    return yield* Effect.fail(new ConfigVersionConflict())
  }
  const prepared = yield* Effect.fromResult(ConfigEdits.prepare(edits))
  const edited = yield* Effect.fromResult(
    Result.mapError(TomlDocument.edit(text, prepared), (error) =>
      error._tag === "NotATable"
        ? new InvalidConfigEdit({ problem: "cannot set value on non-table parent" })
        : new InvalidConfigEdit({ problem: `invalid value: ${error.problem}` })
    )
  )
  const layer = yield* TomlFile.layerOfText(name, edited, from)
  yield* Effect.mapError(check(ConfigToml, [layer], "Write"), ConfigEdits.refused)
  if (edited !== text) {
    yield* Effect.mapError(
      AtomicFile.replace(file, edited),
      (error) => new ConfigUnwritable({ path: file, problem: SystemError.text(error) })
    )
  }
  const overriddenMetadata = ConfigEdits.overridden(prepared, sessionFlags, layer)
  const response: ConfigWriteResponse = {
    status: overriddenMetadata === null ? "ok" : "okOverridden",
    version: layer.version,
    filePath: file,
    overriddenMetadata
  }
  return response
})
