/** The watches of connections: what changes is gathered for a while, and told once. All of them end with theirs. */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { Connection } from "./Connection.ts"
import { DuplicateWatch, TooManyWatches, type FileSystemError } from "./FileSystemError.ts"
import { FileWatcher } from "./FileWatcher.ts"
import { Limits } from "./Limits.ts"
import * as PerConnection from "./PerConnection.ts"

/** From the first change to the notification: 200 ms (measured on Codex 0.169.0). */
export const WINDOW = Duration.millis(200)
/** Paths of one notification. More of them, the watched path stands for: who asks so much of a directory lists it. */
export const MAX_CHANGED_PATHS = 1000

export class FileWatches extends Context.Service<
  FileWatches,
  {
    /** Watches a path for the connection, under a name. */
    readonly start: (watchId: string, path: string) => Effect.Effect<void, FileSystemError, Connection>
    /** Ends a watch, if there is one of this name. It says nothing more then. */
    readonly stop: (watchId: string) => Effect.Effect<void, never, Connection>
  }
>()("effect-app-server/FileWatches") {
  static readonly layer: Layer.Layer<FileWatches, never, FileWatcher> = Layer.effect(
    FileWatches,
    Effect.gen(function* () {
      const watcher = yield* FileWatcher
      const { maxWatchesPerConnection: max } = yield* Limits
      const watchesOf = PerConnection.make(() => new Map<string, Scope.Closeable>())

      return {
        start: Effect.fnUntraced(function* (watchId, path) {
          const connection = yield* Connection
          const watches = watchesOf(connection)
          if (watches.has(watchId)) return yield* Effect.fail(new DuplicateWatch({ watchId }))
          if (watches.size >= max) {
            return yield* Effect.fail(new TooManyWatches({ max, current: watches.size }))
          }
          const scope = Scope.forkUnsafe(connection.scope)
          watches.set(watchId, scope)
          yield* tell(connection, watchId, path, watcher).pipe(
            Scope.provide(scope),
            Effect.onError((cause) => {
              watches.delete(watchId)
              return Scope.close(scope, Exit.failCause(cause))
            })
          )
        }),
        stop: Effect.fnUntraced(function* (watchId) {
          const watches = watchesOf(yield* Connection)
          const scope = watches.get(watchId)
          if (scope === undefined) return
          watches.delete(watchId)
          yield* Scope.close(scope, Exit.void)
        })
      }
    })
  )
}

/** Tells the client what changes, as long as the Scope lives, and no faster than it listens. */
const tell = Effect.fnUntraced(function* (
  connection: Connection["Service"],
  watchId: string,
  path: string,
  watcher: FileWatcher["Service"]
) {
  const some = Latch.makeUnsafe()
  const changed = new Set<string>()
  let tooMany = false
  const onFlood = () => {
    tooMany = true
    some.openUnsafe()
  }
  yield* watcher.watch(path, {
    onChange: (changedPath) => {
      if (changed.size === MAX_CHANGED_PATHS && !changed.has(changedPath)) return onFlood()
      changed.add(changedPath)
      some.openUnsafe()
    },
    onFlood
  })

  yield* some.await.pipe(
    Effect.andThen(Effect.sleep(WINDOW)),
    Effect.andThen(connection.outbox.drained),
    Effect.andThen(
      Effect.suspend(() => {
        some.closeUnsafe()
        const changedPaths = tooMany ? [path] : [...changed].sort()
        changed.clear()
        tooMany = false
        return connection.notify("fs/changed", { watchId, changedPaths })
      })
    ),
    Effect.forever,
    Effect.forkScoped
  )
})
