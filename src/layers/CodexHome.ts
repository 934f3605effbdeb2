/** Where the configuration directory is. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import * as Schema from "effect/Schema"
import * as SystemError from "../services/SystemError.ts"

/** There is no configuration directory; `message` names the variable to set. */
export class CodexHomeError extends Schema.TaggedError<CodexHomeError>()("CodexHomeError", {
  reason: Schema.Literals(["Missing", "NotADirectory", "Unreadable", "NoHome"]),
  message: Schema.String
}) {}

/**
 * The configuration directory, absolute: CODEX_HOME, which must exist, by its real name; else `$HOME/.codex`,
 * which need not exist and is not made.
 */
export const resolveCodexHome = Effect.fnUntraced(function* (
  env: Readonly<Record<string, string | undefined>>
) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { CODEX_HOME: named, HOME: home } = env
  if (!named) {
    if (home) return path.resolve(home, ".codex")
    const message = "Could not find home directory; set CODEX_HOME or HOME"
    return yield* new CodexHomeError({ reason: "NoHome", message })
  }
  const shown = JSON.stringify(named)
  const unreadable = (error: PlatformError) =>
    error.reason._tag === "NotFound"
      ? new CodexHomeError({
          reason: "Missing",
          message: `CODEX_HOME points to ${shown}, but that path does not exist`
        })
      : new CodexHomeError({
          reason: "Unreadable",
          message: `failed to read CODEX_HOME ${shown}: ${SystemError.text(error)}`
        })
  const { type } = yield* Effect.mapError(fs.stat(named), unreadable)
  if (type !== "Directory") {
    const message = `CODEX_HOME points to ${shown}, but that path is not a directory`
    return yield* new CodexHomeError({ reason: "NotADirectory", message })
  }
  return yield* Effect.mapError(fs.realPath(named), unreadable)
})
