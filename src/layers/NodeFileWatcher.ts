/**
 * Watches through Node's own `fs.watch`, on Linux inotify. All of a process share one descriptor of it, which stays open
 * from the first watch on.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { OutOfWatches, SystemRefusal } from "../services/FileSystemError.ts"
import { FileWatcher } from "../services/FileWatcher.ts"
import * as SystemError from "../services/SystemError.ts"
import { PathWatch } from "./PathWatch.ts"

/** What bounds what, see inotify(7). */
const SETTINGS: Readonly<Record<string, string>> = {
  ENOSPC: "fs.inotify.max_user_watches",
  EMFILE: "fs.inotify.max_user_instances"
}

const refusal = (error: unknown) => {
  const code = (error as NodeJS.ErrnoException).code ?? ""
  const setting = SETTINGS[code]
  return setting === undefined
    ? SystemRefusal.from(error)
    : new OutOfWatches({ text: SystemError.textOf(code), setting })
}

export const layer: Layer.Layer<FileWatcher> = Layer.effect(
  FileWatcher,
  Effect.map(Effect.map(Effect.context<never>(), Effect.runForkWith), (run) => ({
    watch: (path, listener) => {
      const onLost = (error: unknown) => {
        run(Effect.logWarning(`changes under a watch are told late: ${SystemError.text(error)}`))
        run(Effect.logDebug(`the watch is of ${path}`))
      }
      return Effect.asVoid(
        Effect.acquireRelease(
          Effect.try({ try: () => new PathWatch(path, { ...listener, onLost }), catch: refusal }),
          (watch) => Effect.sync(() => watch.close())
        )
      )
    }
  }))
)
