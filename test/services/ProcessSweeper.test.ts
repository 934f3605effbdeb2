import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import { TestClock } from "effect/testing"
import * as ProcessSweeper from "../../src/services/ProcessSweeper.ts"
import { RUNS } from "../support/runs.ts"

/** A machine whose processes fork while they are neither stopped nor dead. */
class Machine implements ProcessSweeper.ProcessTable {
  readonly processes = new Map<number, { readonly mark: string; stopped: boolean; forks: number }>()
  readonly signals: Array<string> = []
  looks = 0
  #lastPid = 0
  /** Nothing kills these. */
  immortal = false

  start(mark: string, forks = 0) {
    this.processes.set(++this.#lastPid, { mark, stopped: false, forks })
    return this.#lastPid
  }

  readonly list = () => {
    this.looks++
    const seen = [...this.processes].map(([pid, { mark }]) => ({ pid, mark }))
    // what runs goes on right after it was looked at
    for (const process of Array.from(this.processes.values())) {
      if (!process.stopped && process.forks > 0) this.start(process.mark, --process.forks)
    }
    return seen
  }

  readonly signal = (pid: number, signal: "SIGSTOP" | "SIGKILL") => {
    this.signals.push(`${signal} ${pid}`)
    const process = this.processes.get(pid)
    assert.isDefined(process, "a signal to a process that is gone")
    if (signal === "SIGSTOP") process.stopped = true
    else if (!this.immortal) this.processes.delete(pid)
  }
}

const fork = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.forkChild(effect, { startImmediately: true })

describe("ProcessSweeper", () => {
  it.effect("ends what carries the mark and nothing else, stopping all before it kills any", () =>
    Effect.gen(function* () {
      const machine = new Machine()
      for (const mark of ["1.1", "1.1", "1.2", "2.1"]) machine.start(mark)
      const sweeper = yield* ProcessSweeper.make(machine)
      const ended = yield* fork(sweeper.end("1.1"))
      assert.deepStrictEqual(machine.signals, ["SIGSTOP 1", "SIGSTOP 2", "SIGKILL 1", "SIGKILL 2"])
      yield* TestClock.adjust("5 millis")
      assert.strictEqual(yield* Fiber.join(ended), 2)
      assert.deepStrictEqual([...machine.processes.keys()], [3, 4])
    })
  )

  it.effect("ends all commands of an owner by what their marks begin with", () =>
    Effect.gen(function* () {
      const machine = new Machine()
      for (const mark of ["1.1", "1.2", "2.1"]) machine.start(mark)
      const sweeper = yield* ProcessSweeper.make(machine)
      const ended = yield* fork(sweeper.end("1."))
      yield* TestClock.adjust("5 millis")
      assert.strictEqual(yield* Fiber.join(ended), 2)
      assert.deepStrictEqual([...machine.processes.keys()], [3])
    })
  )

  it.effect("looks once where there is nothing to end", () =>
    Effect.gen(function* () {
      const machine = new Machine()
      const sweeper = yield* ProcessSweeper.make(machine)
      assert.strictEqual(yield* sweeper.end("1"), 0)
      assert.strictEqual(machine.looks, 1)
    })
  )

  it.effect("shares its looks between sweeps that run at once", () =>
    Effect.gen(function* () {
      const machine = new Machine()
      for (let i = 0; i < 100; i++) machine.start(`${i}.`)
      const sweeper = yield* ProcessSweeper.make(machine)
      const all = yield* fork(
        Effect.all(
          Array.from({ length: 100 }, (_, i) => sweeper.end(`${i}.`)),
          { concurrency: "unbounded" }
        )
      )
      const first = machine.looks
      yield* TestClock.adjust("5 millis")
      assert.deepStrictEqual(new Set(yield* Fiber.join(all)), new Set([1]))
      // each began with looks of its own, but one more was enough to see that all are gone
      assert.isAtMost(machine.looks - first, 1)
    })
  )

  it.effect("gives up on what cannot be killed, after half a second", () =>
    Effect.gen(function* () {
      const machine = new Machine()
      machine.start("1.1")
      machine.immortal = true
      const sweeper = yield* ProcessSweeper.make(machine)
      const ended = yield* fork(sweeper.end("1"))
      yield* TestClock.adjust("400 millis")
      assert.isUndefined(ended.pollUnsafe())
      yield* TestClock.adjust("200 millis")
      assert.strictEqual(yield* Fiber.join(ended), 1)
      const looks = machine.looks
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(machine.looks, looks)
    })
  )

  it.effect.prop(
    "leaves nothing of an owner and everything of the others, however they fork",
    {
      processes: Arbitrary.schema(
        Schema.Array(
          Schema.Struct({
            mark: Schema.Literals(["1.1", "1.2", "2.1", "11.1"]),
            forks: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4 }))
          })
        ).check(Schema.isMaxLength(12))
      )
    },
    ({ processes }) =>
      Effect.gen(function* () {
        const machine = new Machine()
        for (const { forks, mark } of processes) machine.start(mark, forks)
        const sweeper = yield* ProcessSweeper.make(machine)
        const ended = yield* fork(sweeper.end("1."))
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(ended)
        const left = [...machine.processes.values()].map(({ mark }) => mark)
        assert.isFalse(left.some((mark) => mark.startsWith("1.")))
        for (const other of ["2.1", "11.1"]) {
          const started = processes.filter(({ mark }) => mark === other).length
          assert.isAtLeast(left.filter((mark) => mark === other).length, started)
        }
      }),
    { arbitrary: { runs: RUNS } }
  )
})
