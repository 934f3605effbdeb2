import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { READABLE } from "../../src/layers/Native.ts"
import { YoungPipes } from "../../src/layers/YoungPipes.ts"
import { until } from "../support/harness.ts"

/** Pipes of which those in `readable` have something; `looks` counts. */
const make = Effect.acquireRelease(
  Effect.sync(() => {
    const readable = new Set<number>()
    const seen = { looks: 0 }
    const pipes = new YoungPipes((fds) => {
      seen.looks++
      return fds.map((fd) => (readable.has(fd) ? READABLE : 0))
    })
    const watched: Array<number> = []
    const add = (...fds: ReadonlyArray<number>) => {
      const young = {
        fds,
        watch: () => {
          pipes.delete(young)
          watched.push(fds[0]!)
        }
      }
      pipes.add(young)
      return young
    }
    return { add, pipes, readable, seen, watched }
  }),
  ({ pipes }) => Effect.sync(() => pipes.close())
)

describe("YoungPipes", () => {
  it.live("has those watched first that have something, on whichever pipe", () =>
    Effect.gen(function* () {
      const { add, readable, watched } = yield* make
      readable.add(4).add(5)
      add(1, 2)
      add(3, 4)
      add(5, 6)
      yield* until("the first look", 2000, () => (watched.length >= 2 ? true : undefined))
      assert.deepStrictEqual(watched.slice(0, 2), [3, 5])
      yield* until("the rest", 2000, () => (watched.length === 3 ? true : undefined))
      assert.deepStrictEqual(watched, [3, 5, 1])
    })
  )

  it.live("does not look for what has gone, and looks again for what comes", () =>
    Effect.gen(function* () {
      const { add, pipes, seen, watched } = yield* make
      pipes.delete(add(1, 2))
      yield* Effect.sleep(20)
      assert.strictEqual(seen.looks, 0)
      add(3, 4)
      yield* until("it is no longer young", 2000, () => (watched.length === 1 ? true : undefined))
      assert.deepStrictEqual(watched, [3])
    })
  )

  it.live("looks no more when it is closed", () =>
    Effect.gen(function* () {
      const { add, pipes, seen } = yield* make
      add(1, 2)
      pipes.close()
      yield* Effect.sleep(20)
      assert.strictEqual(seen.looks, 0)
    })
  )
})
