import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import type { Dispatcher } from "../../src/services/Dispatcher.ts"
import * as Limits from "../../src/services/Limits.ts"
import { ProcessSpawner } from "../../src/services/ProcessSpawner.ts"
import { defaultPolicy } from "../../src/services/ShellEnvironment.ts"
import type { Message } from "../support/harness.ts"
import { RUNS } from "../support/runs.ts"
import * as Scripted from "../support/scripted.ts"
import * as ScriptedSpawner from "../support/ScriptedSpawner.ts"

const settle = TestClock.adjust(0)
const base64 = (text: string) => Buffer.from(text).toString("base64")

const withDispatcher = <A, E>(
  test: (scripted: ScriptedSpawner.ScriptedSpawner) => Effect.Effect<A, E, Dispatcher | Scope.Scope>,
  config?: Parameters<typeof Scripted.services>[1],
  limits: Partial<Limits.Limits> = {}
) =>
  Effect.suspend(() => {
    const scripted = ScriptedSpawner.make()
    return Effect.provide(
      test(scripted),
      Layer.provide(Scripted.dispatcher(scripted, config), Limits.layer(limits))
    )
  })

const request = (id: unknown, method: string, params: object) => ({ id, method, params })
const spawn = (id: unknown, params: object = {}) =>
  request(id, "process/spawn", { command: ["program"], processHandle: "h", cwd: "/", ...params })
const kill = (id: unknown, processHandle = "h") => request(id, "process/kill", { processHandle })

/** A client after its handshake. */
const joined = Effect.fnUntraced(function* (capabilities: object = { experimentalApi: true }) {
  const client = yield* Scripted.connect
  client.initialize(capabilities)
  return client
})

/** What came, without the time. */
const shown = (messages: ReadonlyArray<Message>) =>
  messages.map(({ emittedAtMs: _time, ...message }) => message)

const exited = (params: object = {}) => ({
  method: "process/exited",
  params: {
    processHandle: "h",
    exitCode: 0,
    outputDrainTimedOut: false,
    stdout: "",
    stdoutCapReached: false,
    stderr: "",
    stderrCapReached: false,
    ...params
  }
})
const delta = (text: string, params: object = {}) => ({
  method: "process/outputDelta",
  params: { processHandle: "h", stream: "stdout", deltaBase64: base64(text), capReached: false, ...params }
})

describe("process/spawn", () => {
  const refusals: ReadonlyArray<readonly [name: string, params: object, code: number, message: string]> = [
    ["an empty command", { command: [], processHandle: "" }, -32600, "command must not be empty"],
    [
      "an empty handle",
      { processHandle: "", size: { rows: 0, cols: 0 } },
      -32600,
      "processHandle must not be empty"
    ],
    [
      "a size without a terminal",
      { size: { rows: 0, cols: 0 }, timeoutMs: -1 },
      -32602,
      "process/spawn size requires tty: true"
    ],
    [
      "a negative timeout",
      { timeoutMs: -5, tty: true, size: { rows: 0, cols: 0 } },
      -32602,
      "process/spawn timeoutMs must be non-negative, got -5"
    ],
    [
      "an empty size",
      { tty: true, size: { rows: 1, cols: 0 } },
      -32602,
      "process size rows and cols must be greater than 0"
    ]
  ]
  for (const [name, params, code, message] of refusals) {
    it.effect(`refuses ${name}, and leaves the handle free`, () =>
      withDispatcher((scripted) =>
        Effect.gen(function* () {
          const client = yield* joined()
          client.send(spawn(1, params))
          assert.deepStrictEqual(client.taken(), [{ id: 1, error: { code, message } }])
          assert.deepStrictEqual(scripted.processes, [])
          client.send(spawn(2))
          assert.deepStrictEqual(client.taken(), [{ id: 2, result: {} }])
        })
      )
    )
  }

  it.effect("answers when the process has started, and tells its end", () =>
    withDispatcher((scripted) =>
      Effect.gen(function* () {
        const client = yield* joined()
        const starting = Deferred.makeUnsafe<void>()
        scripted.delay = Deferred.await(starting)
        client.send(spawn(1))
        yield* settle
        assert.deepStrictEqual(client.taken(), [])
        yield* Deferred.succeed(starting, undefined)
        yield* settle
        assert.deepStrictEqual(client.taken(), [{ id: 1, result: {} }])
        const process = scripted.processes[0]!
        yield* process.writes("out")
        yield* process.writes("err", "stderr")
        yield* settle
        assert.deepStrictEqual(client.taken(), [])
        yield* process.finishes(7)
        yield* settle
        const [message, ...others] = client.taken()
        assert.isNumber(message?.emittedAtMs)
        assert.deepStrictEqual(shown([message!]), [exited({ exitCode: 7, stdout: "out", stderr: "err" })])
        assert.deepStrictEqual(others, [])
        assert.isTrue(process.released)
      })
    )
  )

  it.effect("says why a process cannot start, and tells no end of it", () =>
    withDispatcher((scripted) =>
      Effect.gen(function* () {
        const client = yield* joined()
        scripted.refuse.set("program", "No such file or directory (os error 2)")
        const message = "failed to spawn process: No such file or directory (os error 2)"
        for (const id of [1, 2]) {
          client.send(spawn(id))
          yield* settle
          assert.deepStrictEqual(client.taken(), [{ id, error: { code: -32603, message } }])
        }
      })
    )
  )

  it.effect(
    "starts in its directory, with all that the server has in its environment, and no sandbox",
    () => {
      const policy = { ...defaultPolicy, inherit: "none" as const, set: { FROM: "policy" } }
      const readOnly = Scripted.config({ sandboxMode: "read-only", shellEnvironmentPolicy: policy })
      return withDispatcher(
        (scripted) =>
          Effect.gen(function* () {
            const client = yield* joined()
            const env = { MARK: null, NEVER: null, NEW: "x", EMPTY: "" }
            client.send(spawn(1, { command: ["program", "a b"], cwd: "/a/./b//../c/", env }))
            const { spec } = scripted.processes[0]!
            assert.deepStrictEqual(spec.argv, ["program", "a b"])
            assert.strictEqual(spec.cwd, "/a/c")
            assert.deepStrictEqual(spec.io, { stdin: false })
            assert.deepStrictEqual(spec.env, { PATH: "/bin", NEW: "x", EMPTY: "" })
            assert.isUndefined(spec.launcher)
          }),
        readOnly
      )
    }
  )

  it.effect("kills after 10 s unless told otherwise, and never if told null", () =>
    withDispatcher(() =>
      Effect.gen(function* () {
        const client = yield* joined()
        client.send(spawn(1, { processHandle: "default" }))
        client.send(spawn(2, { processHandle: "null", timeoutMs: null }))
        client.send(spawn(3, { processHandle: "zero", timeoutMs: 0 }))
        const ended = (processHandle: string) => [exited({ processHandle, exitCode: 124 })]
        yield* settle
        assert.deepStrictEqual(shown(client.taken().slice(3)), ended("zero"))
        yield* TestClock.adjust("9999 millis")
        assert.deepStrictEqual(client.taken(), [])
        yield* TestClock.adjust("1 millis")
        assert.deepStrictEqual(shown(client.taken()), ended("default"))
        yield* TestClock.adjust("1 hour")
        assert.deepStrictEqual(client.taken(), [])
      })
    )
  )

  it.effect("keeps 1 MiB of each stream unless told otherwise, and says when that is full", () =>
    withDispatcher((scripted) =>
      Effect.gen(function* () {
        const client = yield* joined()
        const caps = [undefined, 5, 10, 11, null]
        for (const [id, outputBytesCap] of caps.entries()) {
          client.send(spawn(id, { processHandle: `${id}`, outputBytesCap }))
        }
        client.taken()
        for (const process of scripted.processes) {
          yield* process.writes("x".repeat(1_500_000))
          yield* process.writes("y".repeat(10), "stderr")
          yield* process.finishes()
          yield* settle
        }
        const ends = client.taken().map(({ params }) => params)
        assert.deepStrictEqual(
          ends.map(({ stderr, stdout }) => [stdout.length, stderr.length]),
          [
            [1_048_576, 10],
            [5, 5],
            [10, 10],
            [11, 10],
            [1_500_000, 10]
          ]
        )
        assert.deepStrictEqual(
          ends.map(({ stderrCapReached, stdoutCapReached }) => [stdoutCapReached, stderrCapReached]),
          [
            [true, false],
            [true, true],
            [true, true],
            [true, false],
            [false, false]
          ]
        )
      })
    )
  )

  it.effect("keeps no more of buffered output than the server allows, whatever the cap", () =>
    withDispatcher(
      (scripted) =>
        Effect.gen(function* () {
          const client = yield* joined()
          client.send(spawn(1, { outputBytesCap: null }))
          client.send(spawn(2, { processHandle: "s", outputBytesCap: null, streamStdoutStderr: true }))
          client.taken()
          for (const process of scripted.processes) {
            yield* process.writes("123456")
            yield* process.finishes()
          }
          yield* settle
          assert.sameDeepMembers(shown(client.taken()), [
            exited({ stdout: "1234", stdoutCapReached: true }),
            delta("123456", { processHandle: "s" }),
            exited({ processHandle: "s" })
          ])
        }),
      undefined,
      { maxBufferedBytes: 4 }
    )
  )

  it.effect("does not hold up the requests that come after it, however many processes run", () =>
    withDispatcher(() =>
      Effect.gen(function* () {
        const client = yield* joined()
        const ids = Array.from({ length: 200 }, (_, id) => id)
        for (const id of ids) client.send(spawn(id, { processHandle: `${id}` }))
        client.send(request("echo", "mock/experimentalMethod", { value: "x" }))
        yield* settle
        assert.sameDeepMembers(client.taken(), [
          ...ids.map((id) => ({ id, result: {} })),
          { id: "echo", result: { echoed: "x" } }
        ])
      })
    )
  )

  it.effect("counts as command/exec does where processes are counted", () =>
    withDispatcher(
      (scripted) =>
        Effect.gen(function* () {
          const client = yield* joined()
          client.send(request(1, "command/exec", { command: ["program"] }))
          client.send(spawn(2))
          yield* settle
          const data = { limit: "maxProcessesPerConnection", max: 1, current: 1 }
          assert.deepStrictEqual(client.taken(), [
            { id: 2, error: { code: -32001, message: "Server overloaded; retry later.", data } }
          ])
          yield* scripted.processes[0]!.finishes()
          yield* settle
          client.taken()
          client.send(spawn(3))
          yield* settle
          assert.deepStrictEqual(client.taken(), [{ id: 3, result: {} }])
        }),
      undefined,
      { maxProcessesPerConnection: 1 }
    )
  )
})

describe("the output of a process", () => {
  const streamed = { streamStdoutStderr: true }

  it.effect("is sent as it comes, and its end after all of it", () =>
    withDispatcher((scripted) =>
      Effect.gen(function* () {
        const client = yield* joined()
        client.send(spawn(1, { ...streamed, outputBytesCap: 4 }))
        const process = scripted.processes[0]!
        yield* process.writes("ab")
        yield* settle
        yield* process.writes("e", "stderr")
        yield* settle
        yield* process.writes("cdef")
        yield* process.finishes(3)
        yield* settle
        assert.deepStrictEqual(shown(client.taken()), [
          { id: 1, result: {} },
          delta("ab"),
          delta("e", { stream: "stderr" }),
          delta("cd", { capReached: true }),
          exited({ exitCode: 3, stdoutCapReached: true })
        ])
      })
    )
  )

  it.effect("comes after the answer, also of a process that writes and ends at once", () =>
    Effect.suspend(() => {
      const scripted = ScriptedSpawner.make()
      const hasty = Layer.effect(
        ProcessSpawner,
        Effect.map(ProcessSpawner, (spawner) => ({
          ...spawner,
          spawn: Effect.fnUntraced(function* (...parameters: Parameters<typeof spawner.spawn>) {
            const running = yield* spawner.spawn(...parameters)
            const process = scripted.processes.at(-1)!
            yield* process.writes("hi")
            yield* process.finishes()
            return running
          })
        }))
      ).pipe(Layer.provide(scripted.layer))
      return Effect.gen(function* () {
        const client = yield* joined()
        for (const delay of [Effect.void, Effect.yieldNow]) {
          scripted.delay = delay
          client.send(spawn(1, streamed))
          yield* settle
          assert.deepStrictEqual(shown(client.taken()), [{ id: 1, result: {} }, delta("hi"), exited()])
        }
      }).pipe(Effect.provide(Scripted.dispatcher({ ...scripted, layer: hasty })))
    })
  )

  it.effect("waits for a client that does not read, and so does its end", () =>
    withDispatcher((scripted) =>
      Effect.gen(function* () {
        const client = yield* joined()
        client.send(spawn(1, streamed))
        client.taken()
        yield* client.stall
        yield* scripted.processes[0]!.writes("hi")
        yield* scripted.processes[0]!.finishes()
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual(client.taken(), [])
        yield* client.resume
        yield* settle
        assert.deepStrictEqual(shown(client.taken()), [delta("hi"), exited()])
      })
    )
  )

  it.effect("is lost for clients that opted out of it, its end is not", () =>
    withDispatcher((scripted) =>
      Effect.gen(function* () {
        const ends = exited({ stdoutCapReached: true })
        const cases = [
          ["process/outputDelta", [ends]],
          ["process/exited", [delta("hi", { capReached: true })]],
          ["command/exec/outputDelta", [delta("hi", { capReached: true }), ends]]
        ] as const
        for (const [optOut, expected] of cases) {
          const client = yield* joined({ experimentalApi: true, optOutNotificationMethods: [optOut] })
          client.send(spawn(1, { ...streamed, outputBytesCap: 2 }))
          client.taken()
          yield* scripted.processes.at(-1)!.writes("high")
          yield* scripted.processes.at(-1)!.finishes()
          yield* settle
          assert.deepStrictEqual(shown(client.taken()), [...expected])
        }
      })
    )
  )

  it.effect("is awaited for 2 s after the exit while others hold it open", () =>
    withDispatcher((scripted) =>
      Effect.gen(function* () {
        const client = yield* joined()
        client.send(spawn(1))
        client.taken()
        const process = scripted.processes[0]!
        process.mortal = false
        yield* process.exits({ code: 4 })
        yield* TestClock.adjust("1999 millis")
        assert.deepStrictEqual(client.taken(), [])
        yield* process.writes("late")
        yield* TestClock.adjust("1 millis")
        assert.deepStrictEqual(shown(client.taken()), [
          exited({ exitCode: 4, outputDrainTimedOut: true, stdout: "late" })
        ])
      })
    )
  )
})

describe("the follow-ups of process/spawn", () => {
  it.effect("write, resize and kill the process that they name", () =>
    withDispatcher((scripted) =>
      Effect.gen(function* () {
        const client = yield* joined()
        client.send(spawn(1, { tty: true }))
        const process = scripted.processes[0]!
        assert.deepStrictEqual(process.spec.io, { rows: 24, cols: 80 })
        const input = { processHandle: "h", deltaBase64: base64("in"), closeStdin: true }
        client.send(request(2, "process/writeStdin", input))
        client.send(request(3, "process/resizePty", { processHandle: "h", size: { rows: 2, cols: 3 } }))
        client.send(kill(4))
        yield* settle
        assert.deepStrictEqual(process.input, ["in", "<end>"])
        assert.deepStrictEqual(process.sizes, [{ rows: 2, cols: 3 }])
        assert.deepStrictEqual(shown(client.taken()), [
          ...[1, 2, 3, 4].map((id) => ({ id, result: {} })),
          exited({ exitCode: 1 })
        ])
      })
    )
  )

  it.effect("wait for a process that is being started", () =>
    withDispatcher((scripted) =>
      Effect.gen(function* () {
        const client = yield* joined()
        const starting = Deferred.makeUnsafe<void>()
        scripted.delay = Deferred.await(starting)
        client.send(spawn(1))
        client.send(spawn(2))
        client.send(kill(3))
        yield* settle
        const message = 'duplicate active process handle: "h"'
        assert.deepStrictEqual(client.taken(), [{ id: 2, error: { code: -32600, message } }])
        yield* Deferred.succeed(starting, undefined)
        yield* settle
        assert.sameDeepMembers(shown(client.taken()), [
          { id: 1, result: {} },
          { id: 3, result: {} },
          exited({ exitCode: 137 })
        ])
      })
    )
  )

  it.effect("look at their own params before they look for the process", () =>
    withDispatcher(() =>
      Effect.gen(function* () {
        const client = yield* joined()
        const processHandle = 'a"b'
        const unknown = { code: -32600, message: 'no active process for process handle "a\\"b"' }
        const cases: ReadonlyArray<readonly [string, object, object]> = [
          [
            "process/writeStdin",
            {},
            { code: -32602, message: "process/writeStdin requires deltaBase64 or closeStdin" }
          ],
          [
            "process/writeStdin",
            { deltaBase64: "!" },
            { code: -32602, message: "invalid deltaBase64: Invalid symbol 33, offset 0." }
          ],
          ["process/writeStdin", { closeStdin: true }, unknown],
          [
            "process/resizePty",
            { size: { rows: 0, cols: 1 } },
            { code: -32602, message: "process size rows and cols must be greater than 0" }
          ],
          ["process/resizePty", { size: { rows: 1, cols: 1 } }, unknown],
          ["process/kill", {}, unknown]
        ]
        for (const [method, params, error] of cases) {
          client.send(request(1, method, { processHandle, ...params }))
          assert.deepStrictEqual(client.taken(), [{ id: 1, error: error as never }])
        }
      })
    )
  )

  it.effect("say what a process on pipes does not have", () =>
    withDispatcher(() =>
      Effect.gen(function* () {
        const client = yield* joined()
        client.send(spawn(1))
        client.taken()
        client.send(request(2, "process/writeStdin", { processHandle: "h", closeStdin: true }))
        client.send(request(3, "process/resizePty", { processHandle: "h", size: { rows: 1, cols: 1 } }))
        assert.deepStrictEqual(
          client.taken().map(({ error }) => error?.message),
          [
            "stdin streaming is not enabled for this process",
            "failed to resize PTY: process is not attached to a PTY"
          ]
        )
      })
    )
  )
})

describe("a process handle", () => {
  it.effect("has nothing to do with the process ids of command/exec", () =>
    withDispatcher((scripted) =>
      Effect.gen(function* () {
        const client = yield* joined()
        client.send(request("exec", "command/exec", { command: ["program"], processId: "h" }))
        client.send(spawn(1))
        client.send(kill(2))
        yield* settle
        assert.deepStrictEqual(shown(client.taken()), [
          { id: 1, result: {} },
          { id: 2, result: {} },
          exited({ exitCode: 137 })
        ])
        client.send(kill(3))
        assert.strictEqual(client.taken()[0]?.error?.message, 'no active process for process handle "h"')
        assert.deepStrictEqual(
          scripted.processes.map(({ kills }) => kills > 0),
          [false, true]
        )
      })
    )
  )

  it.effect("is one connection's own", () =>
    withDispatcher((scripted) =>
      Effect.gen(function* () {
        const [a, b] = [yield* joined(), yield* joined()]
        a.send(spawn(1))
        b.send(spawn(1))
        a.send(kill(2))
        yield* settle
        assert.deepStrictEqual(shown(a.taken()).at(-1), exited({ exitCode: 137 }))
        assert.deepStrictEqual(b.taken(), [{ id: 1, result: {} }])
        assert.deepStrictEqual(
          scripted.processes.map(({ released }) => released),
          [true, false]
        )
      })
    )
  )
})

describe("the end of a connection", () => {
  it.effect("kills its processes, and nothing is told of it", () =>
    Effect.suspend(() => {
      const scripted = ScriptedSpawner.make()
      const killing = Layer.effect(
        ProcessSpawner,
        Effect.map(ProcessSpawner, (spawner) => ({
          ...spawner,
          // takes its time, as a real one does
          endOwner: () =>
            Effect.forEach(scripted.processes, ({ kill }) => kill).pipe(
              Effect.andThen(Effect.repeat(Effect.yieldNow, { times: 100 }))
            )
        }))
      ).pipe(Layer.provide(scripted.layer))
      return Effect.gen(function* () {
        const scope = yield* Scope.make()
        const client = yield* Scope.provide(joined(), scope)
        client.send(spawn(1, { streamStdoutStderr: true }))
        client.send(spawn(2, { processHandle: "buffered" }))
        client.taken()
        yield* Scope.close(scope, Exit.void)
        yield* settle
        assert.deepStrictEqual(client.taken(), [])
        assert.isTrue(scripted.processes.every(({ released }) => released))
      }).pipe(Effect.provide(Scripted.dispatcher({ ...scripted, layer: killing })))
    })
  )

  it.effect("ends its processes, running or being started, and nothing more is sent", () =>
    withDispatcher((scripted) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const client = yield* Scope.provide(joined(), scope)
        const other = yield* joined()
        client.send(spawn(1, { streamStdoutStderr: true }))
        client.send(spawn(2, { processHandle: "buffered" }))
        other.send(spawn(3))
        scripted.delay = Effect.never
        client.send(spawn(4, { processHandle: "starting" }))
        yield* settle
        client.taken()
        yield* Scope.close(scope, Exit.void)
        for (const process of scripted.processes.slice(0, 2)) {
          yield* process.writes("late")
          yield* process.finishes()
        }
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual(client.taken(), [])
        assert.deepStrictEqual(
          scripted.processes.map(({ released }) => released),
          [true, true, true]
        )
        assert.deepStrictEqual(shown(other.taken()).at(-1), exited({ exitCode: 124 }))
        assert.strictEqual(scripted.ended.length, 1)
      })
    )
  )
})

const Handle = Schema.Literals(["a", "b", "c"])
const Step = Schema.Union([
  Schema.Struct({ spawn: Handle, streamed: Schema.Boolean }),
  Schema.Struct({ write: Handle }),
  Schema.Struct({ kill: Handle }),
  Schema.Struct({ output: Schema.Int, text: Schema.String }),
  Schema.Struct({ finish: Schema.Int }),
  Schema.Struct({ settle: Schema.Literal(true) })
])

describe("any conversation about processes", () => {
  it.effect.prop(
    "answers each request once, tells one end for each start, in order, and leaves no handle behind",
    { steps: Schema.Array(Step) },
    ({ steps }) =>
      withDispatcher((scripted) =>
        Effect.gen(function* () {
          const client = yield* joined()
          const handles = new Map<unknown, string>()
          let requests = 0
          const send = (method: string, processHandle: string, params: object = {}) => {
            const id = ++requests
            if (method === "process/spawn") handles.set(id, processHandle)
            client.send(request(id, method, { processHandle, ...params }))
          }
          const one = (n: number) => scripted.processes.at(n % Math.max(1, scripted.processes.length))
          for (const step of steps) {
            if ("spawn" in step) {
              const params = { command: ["p"], cwd: "/", streamStdin: true, timeoutMs: null }
              send("process/spawn", step.spawn, { ...params, streamStdoutStderr: step.streamed })
            } else if ("write" in step) send("process/writeStdin", step.write, { deltaBase64: "eA==" })
            else if ("kill" in step) send("process/kill", step.kill)
            else if ("output" in step) yield* one(step.output)?.writes(step.text) ?? Effect.void
            else if ("finish" in step) yield* one(step.finish)?.finishes() ?? Effect.void
            else yield* settle
          }
          for (const process of scripted.processes) yield* process.finishes()
          yield* settle

          const messages = client.taken()
          const answers = messages.flatMap(({ id, method }) => (method === undefined ? [id] : []))
          assert.sameMembers(
            answers,
            Array.from({ length: requests }, (_, i) => i + 1)
          )
          assert.strictEqual(answers.length, requests)
          const running = new Set<string>()
          for (const { id, method, params, result } of messages) {
            const started = result === undefined ? undefined : handles.get(id)
            if (started !== undefined) {
              assert.isFalse(running.has(started), "started twice")
              running.add(started)
            } else if (method !== undefined) {
              assert.isTrue(running.has(params.processHandle), `${method} of a process that does not run`)
              if (method === "process/exited") running.delete(params.processHandle)
            }
          }
          assert.deepStrictEqual([...running], [])
          assert.isTrue(scripted.processes.every(({ released }) => released))
          for (const handle of Handle.literals) client.send(spawn(handle, { processHandle: handle }))
          yield* settle
          assert.sameDeepMembers(
            client.taken(),
            Handle.literals.map((id) => ({ id, result: {} }))
          )
        })
      ),
    { arbitrary: { runs: RUNS } }
  )
})
