import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import type { CommandExecOutputStream } from "../../src/rpc/CommandExec.ts"
import type { ExecParams, RemoteProcess } from "../../src/services/RemoteProcess.ts"
import { MAX_UNREAD_BYTES } from "../../src/services/UnreadQueue.ts"
import { RUNS } from "../support/runs.ts"
import { connect, type ScriptedTransport } from "../support/ScriptedTransport.ts"

const MIB = 1024 * 1024
const COMMAND = { command: ["program"] }
const ended = (exitCode = 0) => ({ exitCode, stdout: "", stderr: "" })

const start = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.forkChild(effect, { startImmediately: true })

const text = (bytes: ReadonlyArray<Uint8Array>) => Buffer.concat(bytes).toString()
const collect = (stream: RemoteProcess["stdout"]) => Effect.map(Stream.runCollect(stream), text)
const shown = Effect.fnUntraced(function* ({ output }: RemoteProcess) {
  const chunks = yield* Stream.runCollect(output)
  return chunks.map(({ bytes, stream }) => [stream, text([bytes])])
})

/** A client, and a command of it in a Scope of its own. */
const running = Effect.fnUntraced(function* (params: ExecParams = COMMAND) {
  const { client, server } = yield* connect()
  const scope = yield* Scope.fork(yield* Effect.scope)
  const process = yield* Scope.provide(client.exec(params), scope)
  return { client, server, process, request: server.one(), close: Scope.close(scope, Exit.void) }
})

/** Answers the terminate that was sent, and the command with it. */
const kill = (server: ScriptedTransport, request: { readonly id?: string | number }) => {
  const terminate = server.one()
  assert.strictEqual(terminate.method, "command/exec/terminate")
  server.answers(terminate)
  server.answers(request, ended(137))
}

describe("exec", () => {
  it.effect("streams the output and makes up a process id for each command", () =>
    Effect.gen(function* () {
      const { client, process, request, server } = yield* running({ ...COMMAND, env: { A: null }, tty: true })
      const { processId } = process
      assert.deepInclude(request, {
        method: "command/exec",
        params: { ...COMMAND, env: { A: null }, tty: true, processId, streamStdoutStderr: true }
      })
      const other = yield* client.exec(COMMAND)
      assert.notStrictEqual(other.processId, processId)
      for (const each of [request, server.one()]) server.answers(each, ended())
    })
  )

  it.effect("takes the process id that it is given, and stays clear of it", () =>
    Effect.gen(function* () {
      const { client, server } = yield* connect()
      const given = yield* client.exec({ ...COMMAND, processId: "exec-1" })
      const made = yield* client.exec(COMMAND)
      assert.strictEqual(given.processId, "exec-1")
      assert.notStrictEqual(made.processId, "exec-1")
      for (const each of server.taken()) server.answers(each, ended())
    })
  )

  it.effect("gives both streams in order, or each by itself", () =>
    Effect.gen(function* () {
      const { client, server } = yield* connect()
      const merged = yield* client.exec({ ...COMMAND, processId: "m" })
      const apart = yield* client.exec({ ...COMMAND, processId: "a" })
      const requests = server.taken()
      for (const id of ["m", "a"]) {
        server.writes(id, "1")
        server.writes(id, "2", "stderr")
        server.writes(id, "3")
      }
      for (const request of requests) server.answers(request, ended(7))
      const order = [
        ["stdout", "1"],
        ["stderr", "2"],
        ["stdout", "3"]
      ]
      assert.deepStrictEqual(yield* shown(merged), order)
      assert.strictEqual(yield* collect(apart.stderr), "2")
      assert.strictEqual(yield* collect(apart.stdout), "13")
      assert.strictEqual((yield* apart.exit).exitCode, 7)
    })
  )

  it.effect("gives output when it comes, and says when a cap is full", () =>
    Effect.gen(function* () {
      const { process, request, server } = yield* running()
      const reading = yield* start(Stream.runCollect(process.output))
      server.writes(process.processId, "ab", "stdout", true)
      server.answers(request, ended())
      assert.deepStrictEqual(
        (yield* Fiber.join(reading)).map(({ bytes, capReached, stream }) => [
          text([bytes]),
          capReached,
          stream
        ]),
        [["ab", true, "stdout"]]
      )
    })
  )

  it.effect("leaves the output of other commands to who listens to the notification", () =>
    Effect.gen(function* () {
      const { client, process, request, server } = yield* running()
      server.writes("another", "x")
      server.writes(process.processId, "y")
      const [delta] = yield* client
        .notifications("command/exec/outputDelta")
        .pipe(Stream.take(1), Stream.runCollect)
      assert.strictEqual(delta?.processId, "another")
      server.answers(request, ended())
      assert.strictEqual(yield* collect(process.stdout), "y")
    })
  )

  it.effect("fails in the streams and at the exit when the command could not be run", () =>
    Effect.gen(function* () {
      const { process, request, server } = yield* running()
      server.refuses(request, -32603, "failed to spawn command: x")
      for (const failed of [Stream.runDrain(process.output), Stream.runDrain(process.stderr), process.exit]) {
        assert.deepInclude(yield* Effect.flip(Effect.asVoid(failed)), { _tag: "RequestError", code: -32603 })
      }
    })
  )

  it.effect("gives what came before the connection was lost", () =>
    Effect.gen(function* () {
      const { process, server } = yield* running()
      server.writes(process.processId, "x")
      server.loses()
      const heard: Array<Uint8Array> = []
      const keep = (bytes: Uint8Array) => Effect.sync(() => void heard.push(bytes))
      const error = yield* Effect.flip(Stream.runForEach(process.stdout, keep))
      assert.deepStrictEqual([text(heard), error._tag], ["x", "ConnectionLost"])
      assert.strictEqual((yield* Effect.flip(process.exit))._tag, "ConnectionLost")
    })
  )

  it.effect("refuses a process id that a command has, which keeps its output, until it is over", () =>
    Effect.gen(function* () {
      const params = { ...COMMAND, processId: "p" }
      const { client, process, request, server } = yield* running(params)
      const error = yield* Effect.flip(Effect.scoped(client.exec(params)))
      assert.deepInclude(error, {
        code: -32600,
        message: 'duplicate active command/exec process id: "p"'
      })
      server.writes("p", "first")
      server.answers(request, ended())
      const again = yield* client.exec(params)
      const second = server.one()
      server.writes("p", "second")
      server.answers(second, ended())
      assert.deepStrictEqual(
        [yield* collect(process.stdout), yield* collect(again.stdout)],
        ["first", "second"]
      )
    })
  )

  it.effect("does not send params of a wrong form", () =>
    Effect.gen(function* () {
      const { client, server } = yield* connect()
      const size = { rows: -1, cols: 1 }
      assert.strictEqual(
        (yield* Effect.flip(Effect.scoped(client.exec({ ...COMMAND, size }))))._tag,
        "SchemaError"
      )
      assert.deepStrictEqual(server.taken(), [])
    })
  )
})

describe("the end of the Scope", () => {
  it.effect("terminates the command and waits for its end", () =>
    Effect.gen(function* () {
      const { close, process, request, server } = yield* running()
      const closing = yield* start(close)
      const terminate = server.one()
      assert.deepInclude(terminate, {
        method: "command/exec/terminate",
        params: { processId: process.processId }
      })
      server.answers(terminate)
      yield* TestClock.adjust(0)
      assert.isUndefined(closing.pollUnsafe())
      server.answers(request, ended(137))
      yield* Fiber.join(closing)
      assert.strictEqual((yield* process.exit).exitCode, 137)
    })
  )

  it.effect("sends nothing when the command is over", () =>
    Effect.gen(function* () {
      const { close, request, server } = yield* running()
      server.answers(request, ended())
      yield* close
      assert.deepStrictEqual(server.taken(), [])
    })
  )

  it.effect("takes it well that the command ended in the meantime", () =>
    Effect.gen(function* () {
      const { close, request, server } = yield* running()
      const closing = yield* start(close)
      const terminate = server.one()
      server.answers(request, ended())
      server.refuses(terminate, -32600, "no active command/exec")
      yield* Fiber.join(closing)
    })
  )

  it.effect("comes with the interrupt of a fiber", () =>
    Effect.gen(function* () {
      const { client, server } = yield* connect()
      const fiber = yield* start(
        Effect.scoped(Effect.flatMap(client.exec(COMMAND), ({ output }) => Stream.runDrain(output)))
      )
      const request = server.one()
      const interrupting = yield* start(Fiber.interrupt(fiber))
      kill(server, request)
      yield* Fiber.join(interrupting)
    })
  )

  it.effect("asks again when the server is too busy", () =>
    Effect.gen(function* () {
      const { close, request, server } = yield* running()
      const closing = yield* start(close)
      server.refuses(server.one(), -32001, "Server overloaded; retry later.")
      assert.deepStrictEqual(server.taken(), [])
      yield* TestClock.adjust(50)
      kill(server, request)
      yield* Fiber.join(closing)
    })
  )

  it.effect("waits for 2 s at most", () =>
    Effect.gen(function* () {
      const { close } = yield* running()
      const closing = yield* start(close)
      yield* TestClock.adjust(1999)
      assert.isUndefined(closing.pollUnsafe())
      yield* TestClock.adjust(1)
      yield* Fiber.join(closing)
    })
  )

  it.effect("interrupts who still reads, lest a part be taken for the whole", () =>
    Effect.gen(function* () {
      const { close, process, request, server } = yield* running()
      const reading = yield* start(Stream.runDrain(process.output))
      const closing = yield* start(close)
      kill(server, request)
      yield* Fiber.join(closing)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(reading)))
    })
  )
})

describe("stdin", () => {
  const input = ({ params }: { readonly params?: any }) =>
    params.closeStdin === true ? "<end>" : Buffer.from(params.deltaBase64, "base64").toString()

  it.effect("takes text and bytes, in order, and ends behind them", () =>
    Effect.gen(function* () {
      const { process, request, server } = yield* running({ ...COMMAND, streamStdin: true })
      const fibers = [
        yield* start(process.write("é")),
        yield* start(process.write(new Uint8Array([97]))),
        yield* start(process.closeStdin)
      ]
      const inputs: Array<string> = []
      for (let i = 0; i < 3; i++) {
        const message = server.one()
        inputs.push(input(message))
        server.answers(message)
        yield* TestClock.adjust(0)
      }
      yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual(inputs, ["é", "a", "<end>"])
      server.answers(request, ended())
    })
  )

  it.effect("takes more than a message may hold, piece by piece, of one writer at a time", () =>
    Effect.gen(function* () {
      const { process, request, server } = yield* running({ ...COMMAND, streamStdin: true })
      const fibers = [yield* start(process.write("a".repeat(2.5 * MIB))), yield* start(process.write("b"))]
      const inputs: Array<string> = []
      for (let i = 0; i < 4; i++) {
        const message = server.one()
        inputs.push(input(message))
        server.answers(message)
        yield* TestClock.adjust(0)
      }
      yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual(
        inputs.map(({ length }) => length),
        [MIB, MIB, MIB / 2, 1]
      )
      server.answers(request, ended())
    })
  )

  it.effect("and size refuse what the server refuses", () =>
    Effect.gen(function* () {
      const { process, request, server } = yield* running()
      const writing = yield* start(Effect.flip(process.write("x")))
      server.refuses(server.one(), -32600, "stdin streaming is not enabled for this command/exec")
      assert.deepInclude(yield* Fiber.join(writing), { _tag: "RequestError", method: "command/exec/write" })
      const resizing = yield* start(process.resize({ rows: 1, cols: 2 }))
      const resize = server.one()
      assert.deepStrictEqual(resize.params, { processId: process.processId, size: { rows: 1, cols: 2 } })
      server.answers(resize)
      yield* Fiber.join(resizing)
      server.answers(request, ended())
    })
  )
})

describe("output that nobody reads", () => {
  const fill = (server: ScriptedTransport, processId: string, stream?: string) => {
    for (let i = 0; i < MAX_UNREAD_BYTES / MIB; i++) {
      assert.isFalse(server.paused)
      server.writes(processId, new Uint8Array(MIB), stream)
    }
    assert.isTrue(server.paused)
  }

  it.effect("holds back the server above 4 MiB, until it is read", () =>
    Effect.gen(function* () {
      const { process, request, server } = yield* running()
      fill(server, process.processId)
      yield* Stream.runHead(process.output)
      assert.isFalse(server.paused)
      server.answers(request, ended())
    })
  )

  it.effect("does not with the default caps", () =>
    Effect.gen(function* () {
      const { process, request, server } = yield* running()
      for (const stream of ["stdout", "stderr"]) {
        // 4 KiB is what a pipe gives at least when there is much
        for (let i = 0; i < MIB / 4096; i++) server.writes(process.processId, new Uint8Array(4096), stream)
      }
      assert.isFalse(server.paused)
      server.answers(request, ended())
      assert.strictEqual((yield* collect(process.stderr)).length, MIB)
    })
  )

  it.effect("of one stream holds it back, whoever reads the other", () =>
    Effect.gen(function* () {
      const { process, request, server } = yield* running()
      const reading = yield* start(Stream.runDrain(process.stdout))
      fill(server, process.processId, "stderr")
      server.writes(process.processId, "x")
      yield* TestClock.adjust(0)
      assert.isTrue(server.paused)
      server.answers(request, ended())
      yield* Fiber.join(reading)
    })
  )

  it.effect("holds back nobody once the command is over, and is still there", () =>
    Effect.gen(function* () {
      const { process, request, server } = yield* running()
      fill(server, process.processId)
      server.answers(request, ended())
      assert.isFalse(server.paused)
      assert.strictEqual((yield* collect(process.stdout)).length, MAX_UNREAD_BYTES)
    })
  )

  it.effect("is thrown away with the Scope, and so is what still comes", () =>
    Effect.gen(function* () {
      const { close, process, request, server } = yield* running()
      fill(server, process.processId)
      const closing = yield* start(close)
      assert.isFalse(server.paused)
      for (let i = 0; i < 10; i++) server.writes(process.processId, new Uint8Array(MIB))
      assert.isFalse(server.paused)
      kill(server, request)
      yield* Fiber.join(closing)
    })
  )

  it.effect("of two commands is waited for twice", () =>
    Effect.gen(function* () {
      const { client, server } = yield* connect()
      const [a, b] = [yield* client.exec(COMMAND), yield* client.exec(COMMAND)]
      const requests = server.taken()
      fill(server, a.processId)
      for (let i = 0; i < 5; i++) server.writes(b.processId, new Uint8Array(MIB)) // was read before
      yield* Stream.runHead(a.output)
      assert.isTrue(server.paused)
      yield* Stream.runHead(b.output)
      assert.isFalse(server.paused)
      for (const request of requests) server.answers(request, ended())
    })
  )
})

describe("whatever the pieces", () => {
  const PROCESSES = ["a", "b", "c"] as const
  const Piece = Schema.Struct({
    processId: Schema.Literals(PROCESSES),
    stream: Schema.Literals(["stdout", "stderr"]),
    bytes: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))),
    /** Whether readers have a turn before the next piece. */
    turn: Schema.Boolean
  })
  const Pieces = Arbitrary.schema(Schema.Array(Piece))

  const written = (
    pieces: ReadonlyArray<typeof Piece.Type>,
    processId: string,
    stream?: CommandExecOutputStream
  ) =>
    pieces
      .filter((piece) => piece.processId === processId && (stream === undefined || piece.stream === stream))
      .flatMap(({ bytes }) => bytes)

  it.effect.prop(
    "each reader gets the bytes of its command, in order, and before the exit",
    { pieces: Pieces, late: Schema.Boolean },
    ({ late, pieces }) =>
      Effect.scoped(
        Effect.gen(function* () {
          const { client, server } = yield* connect()
          const processes = yield* Effect.forEach(PROCESSES, (processId) =>
            client.exec({ ...COMMAND, processId })
          )
          const requests = server.taken()
          const bytes = (stream: RemoteProcess["stdout"]) =>
            Effect.map(Stream.runCollect(stream), (chunks) => Array.from(Buffer.concat(chunks)))
          const reading = Effect.forEach(
            processes,
            ({ output, stderr, stdout }, i) =>
              i === 0
                ? Effect.map(bytes(Stream.map(output, ({ bytes }) => bytes)), (all) => [all])
                : Effect.all([bytes(stdout), bytes(stderr)], { concurrency: "unbounded" }),
            { concurrency: "unbounded" }
          )
          const early = late ? undefined : yield* start(reading)
          for (const { bytes, processId, stream, turn } of pieces) {
            server.writes(processId, new Uint8Array(bytes), stream)
            if (turn) yield* TestClock.adjust(0)
          }
          for (const request of requests) server.answers(request, ended())
          const [a, b, c] = yield* early === undefined ? reading : Fiber.join(early)
          assert.deepStrictEqual(a, [written(pieces, "a")])
          for (const [id, got] of [
            ["b", b],
            ["c", c]
          ] as const) {
            assert.deepStrictEqual(got, [written(pieces, id, "stdout"), written(pieces, id, "stderr")])
          }
        })
      ),
    { arbitrary: { runs: RUNS } }
  )
})
