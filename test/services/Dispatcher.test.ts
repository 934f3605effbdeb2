import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import { MAX_WAITING_REQUESTS, type Dispatcher } from "../../src/services/Dispatcher.ts"
import * as Scripted from "../support/scripted.ts"
import * as ScriptedSpawner from "../support/ScriptedSpawner.ts"

const echo = (id: unknown, value: string) => ({ id, method: "mock/experimentalMethod", params: { value } })
const exec = (id: unknown, params: object) => ({
  id,
  method: "command/exec",
  params: { command: ["program"], ...params }
})
const settle = TestClock.adjust(0)

const withDispatcher = <A, E>(
  test: (scripted: ScriptedSpawner.ScriptedSpawner) => Effect.Effect<A, E, Dispatcher | Scope.Scope>,
  config?: Parameters<typeof Scripted.services>[1]
) =>
  Effect.suspend(() => {
    const scripted = ScriptedSpawner.make()
    return Effect.provide(test(scripted), Scripted.dispatcher(scripted, config))
  })

describe("Dispatcher", () => {
  it.effect("gives ids back as they came", () =>
    withDispatcher(() =>
      Effect.gen(function* () {
        const client = yield* Scripted.connect
        client.initialize()
        for (const id of [
          '"a"',
          '""',
          "7",
          '"7"',
          "0",
          "-5",
          "9223372036854775807",
          "-9223372036854775808"
        ]) {
          client.receive(`{"id":${id},"method":"mock/experimentalMethod","params":{}}`)
        }
        assert.deepStrictEqual(
          client.frames,
          ['"a"', '""', "7", '"7"', "0", "-5", "9223372036854775807", "-9223372036854775808"].map(
            (id) => `{"id":${id},"result":{"echoed":null}}`
          )
        )
      })
    )
  )

  it.effect("drops what is no message and lives on", () =>
    withDispatcher(() =>
      Effect.gen(function* () {
        const client = yield* Scripted.connect
        client.initialize()
        const bad = [
          "",
          "{",
          "[]",
          "1",
          "null",
          "{}",
          '{"id":1}',
          '{"id":1.5,"method":"x"}',
          '{"id":null,"method":"x"}'
        ]
        for (const text of [
          ...bad,
          '{"method":"mock/experimentalMethod","params":{}}',
          '{"id":1,"result":{}}'
        ]) {
          client.receive(text)
        }
        client.send(echo(1, "alive"))
        assert.deepStrictEqual(client.taken(), [{ id: 1, result: { echoed: "alive" } }])
      })
    )
  )

  it.effect("lets the params of a method without params be missing, null or empty", () =>
    withDispatcher(() =>
      Effect.gen(function* () {
        const client = yield* Scripted.connect
        client.initialize()
        const result = { supportsIndependentSpeedModes: true, requirements: null }
        const read = { id: 1, method: "configRequirements/read" }
        for (const message of [read, { ...read, params: null }, { ...read, params: {} }]) {
          client.send(message)
          assert.deepStrictEqual(client.taken(), [{ id: 1, result }])
        }
        client.send({ ...read, params: { x: 1 } })
        assert.deepStrictEqual(client.taken(), [
          { id: 1, error: { code: -32600, message: "Invalid request: invalid type: map, expected unit" } }
        ])
      })
    )
  )

  it.effect("looks at the method, then the params, then the handshake, then the experimental gate", () =>
    withDispatcher(() =>
      Effect.gen(function* () {
        const client = yield* Scripted.connect
        const refusal = (message: object) => {
          client.send(message)
          const [answer] = client.taken()
          assert.strictEqual(answer?.error?.code, -32600)
          return answer?.error?.message
        }
        assert.match(
          refusal({ id: 1, method: "no/such", params: 5 })!,
          /^Invalid request: unknown variant `no\/such`, expected one of `initialize`, /
        )
        assert.strictEqual(
          refusal({ id: 1, method: "command/exec" }),
          "Invalid request: missing field `params`"
        )
        assert.strictEqual(
          refusal({ id: 1, method: "command/exec", params: {} }),
          "Invalid request: missing field `command`"
        )
        assert.strictEqual(refusal(echo(1, "x")), "Not initialized")
        client.initialize({ experimentalApi: false })
        assert.strictEqual(
          refusal({ id: 1, method: "process/spawn", params: {} }),
          "Invalid request: missing field `command`"
        )
        assert.strictEqual(
          refusal(echo(1, "x")),
          "mock/experimentalMethod requires experimentalApi capability"
        )
        assert.strictEqual(
          refusal(exec(1, { permissionProfile: ":danger-full-access" })),
          "command/exec.permissionProfile requires experimentalApi capability"
        )
      })
    )
  )

  it.effect("takes params by position", () =>
    withDispatcher(() =>
      Effect.gen(function* () {
        const client = yield* Scripted.connect
        client.initialize()
        client.send({ id: 1, method: "mock/experimentalMethod", params: ["v"] })
        assert.deepStrictEqual(client.taken(), [{ id: 1, result: { echoed: "v" } }])
      })
    )
  )

  it.effect("shakes hands with each connection for itself, once", () =>
    withDispatcher(() =>
      Effect.gen(function* () {
        const a = yield* Scripted.connect
        const b = yield* Scripted.connect
        const [answer] = a.initialize()
        assert.deepStrictEqual(answer?.result, {
          userAgent: "t/0.169.0 (Debian 12.0.0; x86_64) effect-app-server/0.1.0 (t; 1)",
          codexHome: "/home/tester/.codex",
          platformFamily: "unix",
          platformOs: "linux"
        })
        b.send(echo(1, "x"))
        assert.strictEqual(b.taken()[0]?.error?.message, "Not initialized")
        assert.strictEqual(a.initialize()[0]?.error?.message, "Already initialized")
        assert.isDefined(b.initialize()[0]?.result)
      })
    )
  )

  it.effect("keeps the first client's name in the user agent and makes it printable", () =>
    withDispatcher(() =>
      Effect.gen(function* () {
        const initialize = (name: string, version: string) => ({
          id: 1,
          method: "initialize",
          params: { clientInfo: { name, version } }
        })
        const first = yield* Scripted.connect
        first.send(initialize("bad\nname", "1"))
        assert.deepStrictEqual(first.taken()[0]?.error, {
          code: -32600,
          message: "Invalid clientInfo.name: 'bad\nname'. Must be a valid HTTP header value."
        })
        first.send(initialize("é", ""))
        assert.match(first.taken()[0]?.result.userAgent, /^_\/0\.169\.0 .*\(_; \)$/)
        const second = yield* Scripted.connect
        second.send(initialize("second", "2"))
        assert.match(second.taken()[0]?.result.userAgent, /^_\/0\.169\.0 .*\(second; 2\)$/)
      })
    )
  )

  it.effect("sends the warnings of the configuration behind the answer to initialize, unless opted out", () =>
    withDispatcher(
      () =>
        Effect.gen(function* () {
          const a = yield* Scripted.connect
          a.send({ id: 1, method: "initialize", params: { clientInfo: { name: "t", version: "1" } } })
          yield* settle
          const [answer, warning] = a.taken()
          assert.strictEqual(answer?.id, 1)
          assert.deepInclude(warning, { method: "configWarning", params: { summary: "broken" } })
          assert.isNumber(warning?.emittedAtMs)
          const b = yield* Scripted.connect
          b.initialize({ optOutNotificationMethods: ["configWarning"] })
          yield* settle
          assert.deepStrictEqual(b.taken(), [])
        }),
      Scripted.config({ warnings: [{ summary: "broken" }] })
    )
  )

  it.effect("answers requests as they finish", () =>
    withDispatcher((scripted) =>
      Effect.gen(function* () {
        const client = yield* Scripted.connect
        client.initialize()
        client.send(exec(1, {}))
        client.send(exec(2, {}))
        client.send(echo(3, "x"))
        yield* scripted.processes[1]!.finishes(2)
        yield* scripted.processes[0]!.finishes(1)
        yield* settle
        assert.deepStrictEqual(
          client.taken().map((answer) => [answer.id, answer.result.exitCode]),
          [
            [3, undefined],
            [2, 2],
            [1, 1]
          ]
        )
      })
    )
  )

  it.effect("lets follow-ups find a command that is still being started, in their order", () =>
    withDispatcher((scripted) =>
      Effect.gen(function* () {
        scripted.delay = Effect.sleep("1 second")
        const client = yield* Scripted.connect
        client.initialize()
        const write = (id: number, text: string) => ({
          id,
          method: "command/exec/write",
          params: { processId: "p", deltaBase64: Buffer.from(text).toString("base64") }
        })
        client.send(exec(1, { processId: "p", streamStdin: true }))
        client.send(write(2, "a"))
        client.send(write(3, "b"))
        client.send({ id: 4, method: "command/exec/terminate", params: { processId: "p" } })
        client.send(exec(5, { processId: "p" }))
        assert.deepStrictEqual(
          client.taken().map((answer) => answer.error?.message),
          ['duplicate active command/exec process id: "p"']
        )
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(scripted.processes[0]!.input, ["a", "b"])
        assert.deepStrictEqual(
          client.taken().map((answer) => answer.id),
          [2, 3, 4, 1]
        )
      })
    )
  )

  it.effect("frees a process id at once when the command does not start, and tells its follow-ups", () =>
    withDispatcher((scripted) =>
      Effect.gen(function* () {
        scripted.delay = Effect.sleep("1 second")
        scripted.refuse.set("program", "No such file or directory (os error 2)")
        const client = yield* Scripted.connect
        client.initialize()
        client.send(exec(1, { processId: "p" }))
        client.send({ id: 2, method: "command/exec/terminate", params: { processId: "p" } })
        yield* TestClock.adjust("1 second")
        assert.sameDeepMembers(client.taken(), [
          { id: 2, error: { code: -32600, message: 'no active command/exec for process id "p"' } },
          {
            id: 1,
            error: {
              code: -32603,
              message: "failed to spawn command: No such file or directory (os error 2)"
            }
          }
        ])
        scripted.refuse.clear()
        client.send(exec(3, { processId: "p" }))
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(client.taken(), [])
        assert.strictEqual(scripted.processes.length, 1)
      })
    )
  )

  it.effect("answers -32001 while 128 requests wait, and no running command waits", () =>
    withDispatcher(
      (scripted) =>
        Effect.gen(function* () {
          const client = yield* Scripted.connect
          client.initialize()
          for (let i = 0; i < 2 * MAX_WAITING_REQUESTS; i++) client.send(exec(`running ${i}`, {}))
          assert.strictEqual(scripted.processes.length, 2 * MAX_WAITING_REQUESTS)
          for (let i = 0; i < MAX_WAITING_REQUESTS; i++)
            client.send({ id: i, method: "config/read", params: {} })
          assert.deepStrictEqual(client.taken(), [])
          client.send(echo("too many", "x"))
          assert.deepStrictEqual(client.taken(), [
            { id: "too many", error: { code: -32001, message: "Server overloaded; retry later." } }
          ])
          yield* TestClock.adjust("1 second")
          assert.strictEqual(client.taken().length, MAX_WAITING_REQUESTS)
          client.send(echo("again", "x"))
          assert.strictEqual(client.taken().length, 1)
        }),
      Scripted.config({}, () => Effect.delay(Effect.succeed({ config: {}, origins: {} }), "1 second"))
    )
  )

  it.effect("sends every delta before the answer and nothing to those who opted out", () =>
    withDispatcher((scripted) =>
      Effect.gen(function* () {
        const a = yield* Scripted.connect
        const b = yield* Scripted.connect
        a.initialize()
        b.initialize({ optOutNotificationMethods: ["command/exec/outputDelta"] })
        for (const client of [a, b]) client.send(exec(1, { processId: "p", streamStdoutStderr: true }))
        for (const process of scripted.processes) {
          yield* process.writes("out")
          yield* process.writes("err", "stderr")
          yield* process.finishes()
        }
        yield* settle
        const deltas = a.taken()
        assert.deepStrictEqual(
          deltas.map((message) => message.params?.stream ?? message.result),
          ["stdout", "stderr", { exitCode: 0, stdout: "", stderr: "" }]
        )
        assert.deepStrictEqual(deltas[0]?.params, {
          processId: "p",
          stream: "stdout",
          deltaBase64: "b3V0",
          capReached: false
        })
        assert.deepStrictEqual(b.taken(), [{ id: 1, result: { exitCode: 0, stdout: "", stderr: "" } }])
      })
    )
  )

  it.effect("stops reading a command whose client does not read, and loses nothing", () =>
    withDispatcher((scripted) =>
      Effect.gen(function* () {
        const client = yield* Scripted.connect
        client.initialize()
        client.send(exec(1, { processId: "p", streamStdoutStderr: true, disableOutputCap: true }))
        const process = scripted.processes[0]!
        const calls: Array<string> = []
        process.output.attach({ pause: () => calls.push("pause"), resume: () => calls.push("resume") })
        yield* client.stall
        yield* process.writes("first")
        for (let i = 0; i < 10; i++) yield* process.writes("x".repeat(64 * 1024))
        yield* settle
        assert.deepStrictEqual(calls, ["pause"])
        assert.deepStrictEqual(client.taken(), [])
        yield* client.resume
        yield* process.finishes()
        yield* settle
        assert.deepStrictEqual(calls, ["pause", "resume"])
        const bytes = client
          .taken()
          .map((message) => Buffer.from(message.params?.deltaBase64 ?? "", "base64").length)
          .reduce((sum, length) => sum + length, 0)
        assert.strictEqual(bytes, "first".length + 10 * 64 * 1024)
      })
    )
  )

  it.effect("ends what a connection started when it closes, and answers nobody", () =>
    withDispatcher((scripted) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const client = yield* Scripted.connect.pipe(Scope.provide(scope))
        const other = yield* Scripted.connect
        for (const each of [client, other]) {
          each.initialize()
          each.send(exec(1, { processId: "p", tty: true }))
        }
        yield* Scope.close(scope, Exit.void)
        assert.deepStrictEqual(
          scripted.processes.map((process) => process.released),
          [true, false]
        )
        yield* settle
        assert.deepStrictEqual(client.taken(), [])
      })
    )
  )

  it.effect("answers a defect of a handler with -32603 and lives on", () =>
    withDispatcher(
      () =>
        Effect.gen(function* () {
          const client = yield* Scripted.connect
          client.initialize()
          client.send({ id: 1, method: "config/read", params: {} })
          client.send(echo(2, "alive"))
          assert.deepStrictEqual(
            client.taken().map((answer) => answer.error?.code ?? answer.result),
            [-32603, { echoed: "alive" }]
          )
        }),
      Scripted.config({}, () => Effect.die("a bug"))
    )
  )

  it.effect("answers a result that cannot be printed with -32603 and lives on", () => {
    const circle: Record<string, unknown> = {}
    circle["self"] = circle
    return withDispatcher(
      () =>
        Effect.gen(function* () {
          const client = yield* Scripted.connect
          client.initialize()
          client.send({ id: 1, method: "config/read", params: {} })
          client.send(echo(2, "alive"))
          assert.deepStrictEqual(
            client.taken().map((answer) => answer.error ?? answer.result),
            [{ code: -32603, message: "the result does not fit into one message" }, { echoed: "alive" }]
          )
        }),
      Scripted.config({}, () => Effect.succeed({ config: { circle }, origins: {} }))
    )
  })
})
