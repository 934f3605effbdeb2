import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import * as FileTurns from "../../src/services/FileTurns.ts"

const settle = TestClock.adjust(0)

/** Turns, and what happened in them. */
const scripted = () => {
  const turns = FileTurns.make()
  const began: Array<string> = []
  /** Asks for a turn that lasts until `end`. */
  const ask = Effect.fnUntraced(function* (name: string, ...paths: ReadonlyArray<string>) {
    const end = Deferred.makeUnsafe<void>()
    const act = Effect.andThen(
      Effect.sync(() => began.push(name)),
      Deferred.await(end)
    )
    const fiber = yield* Effect.forkChild(turns.take(paths, act), { startImmediately: true })
    return { fiber, end: Effect.andThen(Deferred.succeed(end, undefined), settle) }
  })
  return { began, ask }
}

describe("turns", () => {
  it.effect("are taken at once at a path that nobody has, and in order at one path", () =>
    Effect.gen(function* () {
      const { ask, began } = scripted()
      const first = yield* ask("first", "/a")
      const second = yield* ask("second", "/a")
      yield* ask("third", "/a")
      yield* ask("elsewhere", "/b")
      assert.deepStrictEqual(began, ["first", "elsewhere"])
      yield* first.end
      assert.deepStrictEqual(began, ["first", "elsewhere", "second"])
      yield* second.end
      assert.deepStrictEqual(began, ["first", "elsewhere", "second", "third"])
    })
  )

  it.effect("at two paths wait for both, and are waited for at both, crosswise too", () =>
    Effect.gen(function* () {
      const { ask, began } = scripted()
      const a = yield* ask("a", "/a")
      const b = yield* ask("b", "/b")
      const both = yield* ask("both", "/a", "/b")
      const crosswise = yield* ask("crosswise", "/b", "/a")
      yield* ask("last", "/a")
      yield* b.end
      assert.deepStrictEqual(began, ["a", "b"])
      yield* a.end
      assert.deepStrictEqual(began, ["a", "b", "both"])
      yield* both.end
      yield* crosswise.end
      assert.deepStrictEqual(began, ["a", "b", "both", "crosswise", "last"])
    })
  )

  it.effect("at a path named twice are one", () =>
    Effect.gen(function* () {
      const { ask, began } = scripted()
      const twice = yield* ask("twice", "/a", "/a")
      yield* ask("next", "/a")
      yield* twice.end
      assert.deepStrictEqual(began, ["twice", "next"])
    })
  )

  it.effect("pass on when one ends by an interruption, also while it waits", () =>
    Effect.gen(function* () {
      const { ask, began } = scripted()
      const first = yield* ask("first", "/a")
      const waiting = yield* ask("waiting", "/a")
      const next = yield* ask("next", "/a")
      yield* Fiber.interrupt(waiting.fiber)
      yield* settle
      assert.deepStrictEqual(began, ["first"])
      yield* Fiber.interrupt(first.fiber)
      yield* settle
      assert.deepStrictEqual(began, ["first", "next"])
      yield* next.end
      yield* ask("later", "/a")
      assert.deepStrictEqual(began, ["first", "next", "later"])
    })
  )
})
