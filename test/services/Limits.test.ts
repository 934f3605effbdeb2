/** The bounds on processes and on buffered output, over scripted processes. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import type { Dispatcher } from "../../src/services/Dispatcher.ts"
import * as Limits from "../../src/services/Limits.ts"
import * as Scripted from "../support/scripted.ts"
import * as ScriptedSpawner from "../support/ScriptedSpawner.ts"

const exec = (id: unknown, params: object = {}) => ({
  id,
  method: "command/exec",
  params: { command: ["program"], ...params }
})
const settle = TestClock.adjust(0)

const withLimits = <A, E>(
  limits: Partial<Limits.Limits>,
  test: (scripted: ScriptedSpawner.ScriptedSpawner) => Effect.Effect<A, E, Dispatcher | Scope.Scope>
) =>
  Effect.suspend(() => {
    const scripted = ScriptedSpawner.make()
    return Effect.provide(test(scripted), Layer.provide(Scripted.dispatcher(scripted), Limits.layer(limits)))
  })

const client = Effect.tap(Scripted.connect, (client) => Effect.sync(() => client.initialize()))

const overloaded = (id: string | number, limit: string, max: number) => ({
  id,
  error: { code: -32001, message: "Server overloaded; retry later.", data: { limit, max, current: max } }
})

describe("the number of processes", () => {
  it.effect("is 256 for a connection and 1024 in all, unless configured", () =>
    withLimits({}, (scripted) =>
      Effect.gen(function* () {
        const clients = yield* Effect.all([client, client, client, client, client])
        for (const each of clients.slice(0, 4)) {
          for (let i = 0; i < 256; i++) each.send(exec(i))
          assert.deepStrictEqual(each.taken(), [])
          each.send(exec("more"))
          assert.deepStrictEqual(each.taken(), [overloaded("more", "maxProcessesPerConnection", 256)])
        }
        clients[4]!.send(exec("more"))
        assert.deepStrictEqual(clients[4]!.taken(), [overloaded("more", "maxProcesses", 1024)])
        assert.strictEqual(scripted.processes.length, 1024)
      })
    )
  )

  it.effect("leaves the process id of a refused command free, and its follow-ups without a process", () =>
    withLimits({ maxProcessesPerConnection: 1 }, (scripted) =>
      Effect.gen(function* () {
        const { send, taken } = yield* client
        send(exec(1))
        send(exec(2, { processId: "p", tty: true }))
        send({ id: 3, method: "command/exec/terminate", params: { processId: "p" } })
        assert.deepStrictEqual(taken(), [
          overloaded(2, "maxProcessesPerConnection", 1),
          { id: 3, error: { code: -32600, message: 'no active command/exec for process id "p"' } }
        ])
        yield* scripted.processes[0]!.finishes()
        yield* settle
        assert.strictEqual(taken()[0]?.id, 1)
        send(exec(4, { processId: "p", tty: true }))
        assert.deepStrictEqual(taken(), [])
        assert.strictEqual(scripted.processes.length, 2)
      })
    )
  )

  it.effect("counts a command from before it starts until its processes are gone", () =>
    withLimits({ maxProcesses: 1 }, (scripted) =>
      Effect.gen(function* () {
        scripted.delay = Effect.sleep("1 second")
        const { send, taken } = yield* client
        const full = (id: number) => {
          send(exec(id))
          assert.deepStrictEqual(taken(), [overloaded(id, "maxProcesses", 1)])
        }
        send(exec(1))
        full(2)
        yield* TestClock.adjust("1 second")
        full(3)
        yield* scripted.processes[0]!.exits({ code: 0 })
        full(4) // its output is still open
        yield* scripted.processes[0]!.closes("stdout", "stderr")
        yield* settle
        assert.deepStrictEqual(taken(), [{ id: 1, result: { exitCode: 0, stdout: "", stderr: "" } }])
        send(exec(5))
        yield* TestClock.adjust("1 second")
        assert.strictEqual(scripted.processes.length, 2)
      })
    )
  )

  it.effect("gives the place of a command back that did not start, timed out or was terminated", () =>
    withLimits({ maxProcesses: 1 }, (scripted) =>
      Effect.gen(function* () {
        const { send, taken } = yield* client
        scripted.refuse.set("program", "No such file or directory (os error 2)")
        send(exec(1))
        scripted.refuse.clear()
        send(exec(2, { timeoutMs: 1000 }))
        yield* TestClock.adjust("1 second")
        send(exec(3, { processId: "p" }))
        send({ id: "end", method: "command/exec/terminate", params: { processId: "p" } })
        yield* settle
        send(exec(4))
        assert.deepStrictEqual(
          new Map(taken().map(({ error, id, result }) => [id, error?.code ?? result?.exitCode])),
          new Map<unknown, unknown>([
            [1, -32603],
            [2, 124],
            [3, 137],
            ["end", undefined]
          ])
        )
        assert.strictEqual(scripted.processes.length, 3)
      })
    )
  )

  it.effect("does not count what the requests of a closed connection had started", () =>
    withLimits({ maxProcesses: 2 }, () =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const gone = yield* Scope.provide(client, scope)
        gone.send(exec(1))
        gone.send(exec(2))
        const { send, taken } = yield* client
        send(exec(1))
        assert.deepStrictEqual(taken(), [overloaded(1, "maxProcesses", 2)])
        yield* Scope.close(scope, Exit.void)
        send(exec(2))
        assert.deepStrictEqual(taken(), [])
      })
    )
  )

  it.effect("is looked at after the params and the process id", () =>
    withLimits({ maxProcesses: 1 }, () =>
      Effect.gen(function* () {
        const { send, taken } = yield* client
        send(exec(1, { processId: "p" }))
        send(exec(2, { processId: "p" }))
        send(exec(3, { command: [] }))
        assert.deepStrictEqual(
          taken().map((answer) => answer.error?.code),
          [-32600, -32600]
        )
      })
    )
  )
})

describe("a buffered answer", () => {
  const SIZE = 1000
  const limits = { maxBufferedBytes: SIZE }

  it.effect("holds as many bytes of each stream as configured", () =>
    withLimits(limits, (scripted) =>
      Effect.gen(function* () {
        const { send, taken } = yield* client
        send(exec(1, { disableOutputCap: true }))
        const process = scripted.processes[0]!
        for (let i = 0; i < SIZE; i += 100) {
          yield* process.writes("o".repeat(100))
          yield* process.writes("e".repeat(100), "stderr")
        }
        yield* process.finishes()
        yield* settle
        assert.deepStrictEqual(taken(), [
          { id: 1, result: { exitCode: 0, stdout: "o".repeat(SIZE), stderr: "e".repeat(SIZE) } }
        ])
      })
    )
  )

  for (const cap of [{ disableOutputCap: true }, { outputBytesCap: SIZE + 1 }]) {
    for (const stream of ["stdout", "stderr"] as const) {
      it.effect(`kills on one more byte of ${stream} with ${JSON.stringify(cap)}, and says what to do`, () =>
        withLimits(limits, (scripted) =>
          Effect.gen(function* () {
            const { send, taken } = yield* client
            send(exec(1, { ...cap, processId: "p" }))
            const process = scripted.processes[0]!
            yield* process.writes("x".repeat(SIZE), stream)
            yield* settle
            assert.isFalse(process.released)
            yield* process.writes("x", stream)
            yield* settle
            assert.isTrue(process.released)
            assert.deepStrictEqual(taken(), [
              {
                id: 1,
                error: {
                  code: -32603,
                  message: `${stream} is above maxBufferedBytes (1000 bytes), so the command was killed; to take any amount of output set streamStdoutStderr`
                }
              }
            ])
            send(exec(2, { processId: "p" }))
            assert.deepStrictEqual(taken(), [])
          })
        )
      )
    }
  }

  it.effect("has no such bound when it is streamed instead, or capped below", () =>
    withLimits(limits, (scripted) =>
      Effect.gen(function* () {
        const { send, taken } = yield* client
        send(exec(1, { disableOutputCap: true, processId: "p", streamStdoutStderr: true }))
        send(exec(2, { outputBytesCap: SIZE }))
        for (const process of scripted.processes) {
          for (let i = 0; i < 5; i++) yield* process.writes("x".repeat(SIZE))
          yield* process.finishes()
        }
        yield* settle
        const messages = taken()
        assert.deepStrictEqual(
          messages.filter((message) => message.id !== undefined).map((message) => message.result.stdout),
          ["", "x".repeat(SIZE)]
        )
        const streamed = messages.flatMap(({ params }) =>
          params === undefined ? [] : [Buffer.from(params.deltaBase64, "base64").length]
        )
        assert.strictEqual(
          streamed.reduce((sum, length) => sum + length, 0),
          5 * SIZE
        )
      })
    )
  )
})
