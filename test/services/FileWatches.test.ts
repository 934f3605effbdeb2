/** `fs/watch`, `fs/unwatch` and `fs/changed` over a scripted watcher and a scripted clock. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import type { Dispatcher } from "../../src/services/Dispatcher.ts"
import { OutOfWatches } from "../../src/services/FileSystemError.ts"
import { FileWatcher } from "../../src/services/FileWatcher.ts"
import { MAX_CHANGED_PATHS } from "../../src/services/FileWatches.ts"
import * as Limits from "../../src/services/Limits.ts"
import * as Scripted from "../support/scripted.ts"
import * as ScriptedSpawner from "../support/ScriptedSpawner.ts"

/** What is watched now, and how changes are told. */
class ScriptedWatcher {
  readonly watched: Array<Parameters<FileWatcher["Service"]["watch"]>[1] & { readonly path: string }> = []
  refusal: OutOfWatches | undefined

  readonly layer = Layer.succeed(FileWatcher, {
    watch: (path, listener) =>
      Effect.asVoid(
        Effect.acquireRelease(
          Effect.suspend(() => {
            if (this.refusal !== undefined) return Effect.fail(this.refusal)
            const watch = { path, ...listener }
            this.watched.push(watch)
            return Effect.succeed(watch)
          }),
          (watch) => Effect.sync(() => this.watched.splice(this.watched.indexOf(watch), 1))
        )
      )
  })

  change(...paths: ReadonlyArray<string>) {
    for (const path of paths) for (const { onChange } of this.watched) onChange(path)
  }

  get paths() {
    return this.watched.map(({ path }) => path)
  }
}

const withWatcher = <A, E>(
  test: (watcher: ScriptedWatcher) => Effect.Effect<A, E, Dispatcher | Scope.Scope>,
  limits: Partial<Limits.Limits> = {}
) =>
  Effect.suspend(() => {
    const watcher = new ScriptedWatcher()
    const services = Layer.merge(Scripted.services(ScriptedSpawner.make()), watcher.layer)
    return Effect.provide(
      test(watcher),
      Scripted.layerDispatcher(services).pipe(Layer.provide(Limits.layer(limits)))
    )
  })

const joined = Effect.fnUntraced(function* (capabilities: object | null = null) {
  const client = yield* Scripted.connect
  client.initialize(capabilities)
  return {
    ...client,
    /** What a request is answered with. */
    ask: (method: string, params: object) => {
      client.send({ id: 1, method, params })
      const [{ error, result } = {}] = client.taken()
      return error ?? result
    },
    /** Which paths changed, by watch, since this was last called. */
    changes: () =>
      client.taken().map(({ method, params }) => {
        assert.strictEqual(method, "fs/changed")
        return [params.watchId, params.changedPaths] as const
      })
  }
})

const watch = (watchId: string, path = "/d") => ["fs/watch", { watchId, path }] as const
const unwatch = (watchId: string) => ["fs/unwatch", { watchId }] as const

describe("fs/watch", () => {
  it.effect("watches a path, given without dots, under any name", () =>
    withWatcher((watcher) =>
      Effect.gen(function* () {
        const { ask } = yield* joined()
        assert.deepStrictEqual(ask(...watch("", "/x/../d/./")), { path: "/d" })
        assert.deepStrictEqual(ask(...watch("é\0", "/d")), { path: "/d" })
        assert.deepStrictEqual(watcher.paths, ["/d", "/d"])
      })
    )
  )

  it.effect("refuses a name in use, but not that of another connection", () =>
    withWatcher((watcher) =>
      Effect.gen(function* () {
        const [a, b] = [yield* joined(), yield* joined()]
        a.ask(...watch("w"))
        assert.deepStrictEqual(a.ask(...watch("w", "/other")), {
          code: -32600,
          message: "watchId already exists: w"
        })
        assert.deepStrictEqual(b.ask(...watch("w")), { path: "/d" })
        assert.deepStrictEqual(watcher.paths, ["/d", "/d"])
      })
    )
  )

  it.effect("refuses a path that can be none", () =>
    withWatcher((watcher) =>
      Effect.gen(function* () {
        const { ask } = yield* joined()
        assert.deepStrictEqual(ask(...watch("w", "/a\0")), {
          code: -32600,
          message: "file name contained an unexpected NUL byte"
        })
        assert.deepStrictEqual(watcher.paths, [])
      })
    )
  )

  it.effect("is refused by the number of watches of the connection, and by the system's", () =>
    withWatcher(
      (watcher) =>
        Effect.gen(function* () {
          const [a, b] = [yield* joined(), yield* joined()]
          a.ask(...watch("1"))
          a.ask(...watch("2"))
          assert.deepStrictEqual(a.ask(...watch("3")), {
            code: -32001,
            message: "Server overloaded; retry later.",
            data: { limit: "maxWatchesPerConnection", max: 2, current: 2 }
          })
          a.ask(...unwatch("1"))
          watcher.refusal = new OutOfWatches({ text: "none left (os error 28)", setting: "some.setting" })
          for (const client of [a, b]) {
            assert.deepStrictEqual(client.ask(...watch("3")), {
              code: -32603,
              message:
                "none left (os error 28): the system has no more watches; raise some.setting with sysctl"
            })
          }
          watcher.refusal = undefined
          assert.deepStrictEqual(a.ask(...watch("3")), { path: "/d" }, "the name and the place are free")
        }),
      { maxWatchesPerConnection: 2 }
    )
  )
})

describe("fs/changed", () => {
  it.effect("comes 200 ms after the first change, with all paths, sorted, each once", () =>
    withWatcher((watcher) =>
      Effect.gen(function* () {
        const { ask, changes } = yield* joined()
        ask(...watch("w"))
        yield* TestClock.adjust(1000)
        watcher.change("/d/c", "/d/a")
        yield* TestClock.adjust(150)
        watcher.change("/d/b", "/d/a", "/d")
        yield* TestClock.adjust(49)
        assert.deepStrictEqual(changes(), [])
        yield* TestClock.adjust(1)
        assert.deepStrictEqual(changes(), [["w", ["/d", "/d/a", "/d/b", "/d/c"]]])
        yield* TestClock.adjust(1000)
        assert.deepStrictEqual(changes(), [])
      })
    )
  )

  it.effect("comes once for each window, of which the first change begins one", () =>
    withWatcher((watcher) =>
      Effect.gen(function* () {
        const { ask, changes } = yield* joined()
        ask(...watch("w"))
        for (let i = 0; i < 10; i++) {
          watcher.change(`/d/${i}`)
          yield* TestClock.adjust(50)
        }
        assert.deepStrictEqual(changes(), [
          ["w", ["/d/0", "/d/1", "/d/2", "/d/3"]],
          ["w", ["/d/4", "/d/5", "/d/6", "/d/7"]]
        ])
        yield* TestClock.adjust(100)
        assert.deepStrictEqual(changes(), [["w", ["/d/8", "/d/9"]]])
      })
    )
  )

  it.effect("names the watched path alone for more than 1000, or for more than the system tells", () =>
    withWatcher((watcher) =>
      Effect.gen(function* () {
        const { ask, changes } = yield* joined()
        const paths = Array.from({ length: MAX_CHANGED_PATHS }, (_, i) => `/d/${i}`)
        ask(...watch("w"))
        watcher.change(...paths, ...paths)
        yield* TestClock.adjust(200)
        assert.deepStrictEqual(changes(), [["w", paths.toSorted()]])
        watcher.change(...paths, "/d/one more")
        yield* TestClock.adjust(200)
        assert.deepStrictEqual(changes(), [["w", ["/d"]]])
        watcher.change("/d/a")
        yield* TestClock.adjust(200)
        assert.deepStrictEqual(changes(), [["w", ["/d/a"]]])
        watcher.change("/d/a")
        watcher.watched[0]!.onFlood()
        yield* TestClock.adjust(200)
        assert.deepStrictEqual(changes(), [["w", ["/d"]]])
      })
    )
  )

  it.effect("waits for a client that is slow, which is told everything at once then", () =>
    withWatcher((watcher) =>
      Effect.gen(function* () {
        const { ask, changes, resume, stall } = yield* joined()
        ask(...watch("w"))
        yield* stall
        watcher.change("/d/a")
        yield* TestClock.adjust(1000)
        watcher.change("/d/b")
        yield* TestClock.adjust(1000)
        assert.deepStrictEqual(changes(), [])
        yield* resume
        yield* TestClock.adjust(0)
        assert.deepStrictEqual(changes(), [["w", ["/d/a", "/d/b"]]])
      })
    )
  )

  it.effect("does not come to those who opted out", () =>
    withWatcher((watcher) =>
      Effect.gen(function* () {
        const { ask, changes } = yield* joined({ optOutNotificationMethods: ["fs/changed"] })
        assert.deepStrictEqual(ask(...watch("w")), { path: "/d" })
        watcher.change("/d/a")
        yield* TestClock.adjust(1000)
        assert.deepStrictEqual(changes(), [])
      })
    )
  )
})

describe("a watch ends", () => {
  it.effect("with fs/unwatch, behind whose answer nothing comes", () =>
    withWatcher((watcher) =>
      Effect.gen(function* () {
        const { ask, changes } = yield* joined()
        ask(...watch("w"))
        ask(...watch("v"))
        watcher.change("/d/a")
        assert.deepStrictEqual(ask(...unwatch("w")), {})
        yield* TestClock.adjust(1000)
        assert.deepStrictEqual(changes(), [["v", ["/d/a"]]])
        assert.deepStrictEqual(watcher.paths, ["/d"])
        for (const id of ["w", "never"]) assert.deepStrictEqual(ask(...unwatch(id)), {})
        assert.deepStrictEqual(ask(...watch("w")), { path: "/d" })
      })
    )
  )

  it.effect("with its connection, and no other one's does", () =>
    withWatcher((watcher) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const [a, b] = [yield* Scope.provide(joined(), scope), yield* joined()]
        a.ask(...watch("1"))
        a.ask(...watch("2"))
        b.ask(...watch("1", "/other"))
        watcher.change("/d/a")
        yield* Scope.close(scope, Exit.void)
        assert.deepStrictEqual(watcher.paths, ["/other"])
        yield* TestClock.adjust(1000)
        assert.deepStrictEqual(a.changes(), [])
        assert.deepStrictEqual(b.changes(), [["1", ["/d/a"]]])
      })
    )
  )
})
