import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { AppServerClient } from "../../src/services/AppServerClient.ts"
import { ConnectionLost } from "../../src/services/ClientError.ts"
import { MAX_EARLY_NOTIFICATIONS } from "../../src/services/Subscriptions.ts"
import { HELLO, SERVER, ScriptedTransport, connect } from "../support/ScriptedTransport.ts"

const start = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.forkChild(effect, { startImmediately: true })

const warning = (summary: string) => ({ summary, details: null })

describe("the handshake", () => {
  it.effect("says who the client is and gives what the server says of itself", () =>
    Effect.gen(function* () {
      const server = new ScriptedTransport()
      const capabilities = { experimentalApi: true }
      const connecting = yield* start(
        Effect.provide(AppServerClient.make({ ...HELLO, capabilities }), server.layer)
      )
      const request = server.one()
      assert.deepInclude(request, { method: "initialize", params: { ...HELLO, capabilities } })
      server.answers(request, SERVER)
      const client = yield* Fiber.join(connecting)
      assert.deepStrictEqual(client.server, SERVER)
      assert.deepStrictEqual(server.taken(), [{ method: "initialized" }])
    })
  )

  it.effect("fails as the server refuses it, and as the connection is lost", () =>
    Effect.gen(function* () {
      const make = (server: ScriptedTransport) =>
        start(Effect.flip(Effect.provide(AppServerClient.make(HELLO), server.layer, { local: true })))
      const server = new ScriptedTransport()
      const refused = yield* make(server)
      server.refuses(server.one(), -32600, "Invalid clientInfo.name")
      assert.deepInclude(yield* Fiber.join(refused), { _tag: "RequestError", method: "initialize" })
      const other = new ScriptedTransport()
      const lost = yield* make(other)
      other.loses("pulled")
      assert.deepInclude(yield* Fiber.join(lost), { _tag: "ConnectionLost", message: "pulled" })
    })
  )
})

describe("a request", () => {
  it.effect("gives the result that its method has in the contract", () =>
    Effect.gen(function* () {
      const { client, server } = yield* connect()
      const read = yield* start(client.request("fs/readFile", { path: "/etc/hostname" }))
      const request = server.one()
      assert.deepInclude(request, { method: "fs/readFile", params: { path: "/etc/hostname" } })
      server.answers(request, { dataBase64: "eA==", more: 1 })
      assert.deepStrictEqual(yield* Fiber.join(read), { dataBase64: "eA==" })
    })
  )

  it.effect("has the types of its method", () =>
    Effect.gen(function* () {
      const { client } = yield* connect()
      const never = () => [
        // @ts-expect-error there is no such method
        client.request("command/execute", {}),
        // @ts-expect-error a command is a list
        client.request("command/exec", { command: "ls" }),
        // @ts-expect-error it has params
        client.request("command/exec"),
        // @ts-expect-error it has none
        client.request("configRequirements/read", {}),
        // @ts-expect-error it has another result
        Effect.map(client.request("fs/readFile", { path: "/" }), ({ exitCode }) => exitCode),
        // @ts-expect-error there is no such notification
        client.notifications("command/exec"),
        // @ts-expect-error output is always streamed
        client.exec({ command: ["ls"], streamStdoutStderr: false })
      ]
      assert.isFunction(never)
    })
  )

  it.effect("of a method without params has none", () =>
    Effect.gen(function* () {
      const { client, server } = yield* connect()
      const read = yield* start(client.request("configRequirements/read"))
      const request = server.one()
      assert.deepStrictEqual(Object.keys(request), ["id", "method"])
      server.answers(request, { supportsIndependentSpeedModes: true, requirements: null })
      assert.isNull((yield* Fiber.join(read)).requirements)
    })
  )

  it.effect("fails with the code, the text and the data of the server", () =>
    Effect.gen(function* () {
      const { client, server } = yield* connect()
      const exec = yield* start(Effect.flip(client.request("command/exec", { command: ["x"] })))
      server.refuses(server.one(), -32001, "Server overloaded; retry later.", { limit: "l" })
      assert.deepInclude(yield* Fiber.join(exec), {
        _tag: "RequestError",
        method: "command/exec",
        code: -32001,
        message: "Server overloaded; retry later.",
        data: { limit: "l" }
      })
    })
  )

  it.effect("gets its own answer, in whatever order they come", () =>
    Effect.gen(function* () {
      const { client, server } = yield* connect()
      const values = ["a", "b", "c"]
      const fibers = yield* Effect.forEach(values, (value) =>
        start(client.request("mock/experimentalMethod", { value }))
      )
      server.says({ id: 999, result: {} }) // nobody's
      for (const request of server.taken().toReversed())
        server.answers(request, { echoed: request.params.value })
      const results = yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual(
        results.map(({ echoed }) => echoed),
        values
      )
    })
  )

  it.effect("that is interrupted ignores its answer", () =>
    Effect.gen(function* () {
      const { client, server } = yield* connect()
      const fiber = yield* start(client.request("mock/experimentalMethod", { value: "x" }))
      const request = server.one()
      yield* Fiber.interrupt(fiber)
      server.answers(request, { echoed: "x" })
      assert.deepStrictEqual(server.taken(), [])
    })
  )

  it.effect("with params of a wrong form is not sent, and says what is wrong", () =>
    Effect.gen(function* () {
      const { client, server } = yield* connect()
      const size = { rows: 70_000, cols: 1 }
      const error = yield* Effect.flip(client.request("command/exec/resize", { processId: "p", size }))
      assert.strictEqual(error._tag, "SchemaError")
      assert.include(error.message, '["size"]["rows"]')
      assert.deepStrictEqual(server.taken(), [])
    })
  )

  it.effect("with an answer of a wrong form fails by itself", () =>
    Effect.gen(function* () {
      const { client, server } = yield* connect()
      for (const answer of [{ result: { dataBase64: 5 } }, { error: "no" }]) {
        const fiber = yield* start(Effect.flip(client.request("fs/readFile", { path: "/x" })))
        server.says({ id: server.one().id, ...answer })
        assert.strictEqual((yield* Fiber.join(fiber))._tag, "SchemaError")
      }
      const next = yield* start(client.request("mock/experimentalMethod", {}))
      server.answers(server.one(), { echoed: null })
      assert.isNull((yield* Fiber.join(next)).echoed)
    })
  )

  it.effect("of the server is answered: there are no such methods", () =>
    Effect.gen(function* () {
      const { server } = yield* connect()
      server.says({ id: "s1", method: "item/commandExecution/requestApproval", params: {} })
      assert.deepStrictEqual(server.one(), {
        error: { code: -32601, message: "this client serves no item/commandExecution/requestApproval" },
        id: "s1"
      })
    })
  )
})

describe("a connection that is lost", () => {
  it.effect("fails whoever waits, and whoever asks afterwards", () =>
    Effect.gen(function* () {
      const { client, server } = yield* connect()
      const request = client.request("config/read", {})
      const waiting = yield* start(Effect.flip(request))
      const listening = yield* start(Effect.flip(Stream.runDrain(client.notifications("configWarning"))))
      server.loses("the connection broke")
      const lost = new ConnectionLost({ message: "the connection broke" })
      assert.deepStrictEqual(yield* Fiber.join(waiting), lost)
      assert.deepStrictEqual(yield* Fiber.join(listening), lost)
      assert.deepStrictEqual(yield* Effect.flip(request), lost)
      assert.deepStrictEqual(
        yield* Effect.flip(
          Effect.scoped(client.exec({ command: ["x"] }).pipe(Effect.flatMap(({ exit }) => exit)))
        ),
        lost
      )
      server.loses("again")
      assert.deepStrictEqual(yield* Effect.flip(request), lost)
    })
  )

  it.effect("is also one that its owner closed", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { client, server } = yield* Scope.provide(connect(), scope)
      const waiting = yield* start(Effect.flip(client.request("config/read", {})))
      yield* Scope.close(scope, Exit.void)
      assert.isTrue(server.closed)
      assert.deepInclude(yield* Fiber.join(waiting), {
        _tag: "ConnectionLost",
        message: "closed by this client"
      })
    })
  )

  it.effect.each([
    ["text that is no JSON", "listening on port 5"],
    ["JSON that is no message", "[]"],
    ["a notification with params of a wrong form", '{"method":"configWarning","params":{}}'],
    [
      "output that is no base64",
      '{"method":"command/exec/outputDelta","params":{"processId":"p","stream":"stdout","deltaBase64":"!","capReached":false}}'
    ]
  ])("is one with a server that says %s, lest anything be lost in silence", ([, text = ""]) =>
    Effect.gen(function* () {
      const { client, server } = yield* connect()
      const { exit } = yield* client.exec({ command: ["x"], processId: "p" })
      server.receive(text)
      const error = yield* Effect.flip(exit)
      assert.strictEqual(error._tag, "ConnectionLost")
      assert.include(error.message, "the server does not keep to the protocol: ")
      assert.isTrue(server.destroyed)
      server.receive("more of it")
    })
  )
})

describe("notifications", () => {
  const summaries = Stream.map(({ summary }: { readonly summary: string }) => summary)

  it.effect("come to everybody who listens to their method", () =>
    Effect.gen(function* () {
      const { client, server } = yield* connect()
      const listen = client.notifications("configWarning").pipe(summaries, Stream.take(2), Stream.runCollect)
      const listeners = [yield* start(listen), yield* start(listen)]
      server.notifies("configWarning", warning("a"))
      server.notifies("process/exited", {
        processHandle: "h",
        exitCode: 0,
        outputDrainTimedOut: false,
        stdout: "",
        stdoutCapReached: false,
        stderr: "",
        stderrCapReached: false
      })
      server.notifies("fs/unheardOf", {})
      server.notifies("configWarning", warning("b"))
      for (const listener of listeners) assert.deepStrictEqual(yield* Fiber.join(listener), ["a", "b"])
    })
  )

  it.effect("that come before anybody listens wait for the first one, the newest 64", () =>
    Effect.gen(function* () {
      const { client, server } = yield* connect()
      for (let i = 0; i < MAX_EARLY_NOTIFICATIONS + 3; i++) server.notifies("configWarning", warning(`${i}`))
      const heard = yield* client
        .notifications("configWarning")
        .pipe(summaries, Stream.take(MAX_EARLY_NOTIFICATIONS), Stream.runCollect)
      assert.strictEqual(heard[0], "3")
      server.notifies("configWarning", warning("last"))
      const next = client.notifications("configWarning").pipe(summaries, Stream.take(1), Stream.runCollect)
      assert.deepStrictEqual(yield* next, ["last"])
    })
  )

  it.effect("that came are given before the end of the connection is", () =>
    Effect.gen(function* () {
      const { client, server } = yield* connect()
      server.notifies("configWarning", warning("a"))
      server.loses()
      const heard: Array<string> = []
      const error = yield* client.notifications("configWarning").pipe(
        summaries,
        Stream.runForEach((summary) => Effect.sync(() => void heard.push(summary))),
        Effect.flip
      )
      assert.deepStrictEqual([heard, error.message], [["a"], "gone"])
    })
  )

  it.effect("for a listener that does not keep up hold back the server, until it is gone", () =>
    Effect.gen(function* () {
      const { client, server } = yield* connect()
      const listening = yield* start(
        Stream.runForEach(client.notifications("configWarning"), () => Effect.never)
      )
      const long = warning("x".repeat(1024 * 1024))
      for (let i = 0; i < 5; i++) {
        assert.isFalse(server.paused)
        server.notifies("configWarning", long)
      }
      assert.isTrue(server.paused)
      yield* Fiber.interrupt(listening)
      assert.isFalse(server.paused)
    })
  )
})
