/** The server for tests of clients, as a client's test uses it; and that it is the server in all but the machine. */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import * as AppServer from "../../src/layers/AppServer.ts"
import { WebSocketTransport } from "../../src/layers/WebSocketTransport.ts"
import { AppServerClient } from "../../src/services/AppServerClient.ts"
import type { TestPrograms } from "../../src/services/TestProgram.ts"
import { connect } from "../support/harness.ts"
import { RUNS } from "../support/runs.ts"

const HELLO = { clientInfo: { name: "test", version: "1" } }

const client = (programs: TestPrograms = {}) =>
  Effect.gen(function* () {
    const context = yield* Layer.build(AppServer.layerTest(programs))
    return yield* Effect.provide(AppServerClient.make(HELLO), context)
  })

const text = Stream.mkString<never, never>

const cat: TestPrograms = {
  cat: ({ stdin, write }) =>
    Effect.as(
      Stream.runForEach(stdin, (b) => write(b)),
      0
    )
}

const Chunks = Schema.Array(
  Schema.Struct({ stream: Schema.Literals(["stdout", "stderr"]), text: Schema.String })
)

describe("AppServer.layerTest", () => {
  it.effect.prop(
    "what a program writes and returns is what its client reads",
    { chunks: Chunks, code: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })) },
    ({ chunks, code }) =>
      Effect.gen(function* () {
        const { exec, request } = yield* client({
          say: ({ write }) =>
            Effect.as(
              Effect.forEach(chunks, ({ stream, text }) => write(text, stream)),
              code
            )
        })
        const joined = (stream: "stdout" | "stderr") =>
          Buffer.concat(chunks.filter((c) => c.stream === stream).map((c) => Buffer.from(c.text))).toString()
        const [stdout, stderr] = [joined("stdout"), joined("stderr")]
        assert.deepStrictEqual(yield* request("command/exec", { command: ["say"] }), {
          exitCode: code,
          stdout,
          stderr
        })
        const running = yield* exec({ command: ["say"] })
        const output = yield* Effect.all(
          [
            text(Stream.decodeText(Stream.orDie(running.stdout))),
            text(Stream.decodeText(Stream.orDie(running.stderr)))
          ],
          { concurrency: 2 }
        )
        assert.deepStrictEqual(output, [stdout, stderr])
        assert.strictEqual((yield* running.exit).exitCode, code)
      }),
    { arbitrary: { runs: RUNS } }
  )

  it.effect("stdin reaches a program, and so does its end", () =>
    Effect.gen(function* () {
      const { exec } = yield* client(cat)
      const running = yield* exec({ command: ["cat"], streamStdin: true })
      yield* running.write("one\n")
      yield* running.write("two\n")
      yield* running.closeStdin
      assert.strictEqual(yield* text(Stream.decodeText(Stream.orDie(running.stdout))), "one\ntwo\n")
      assert.deepStrictEqual(yield* running.exit, { exitCode: 0, stdout: "", stderr: "" })
    })
  )

  describe("a program is interrupted", () => {
    const sleeper = Effect.gen(function* () {
      const started = yield* Deferred.make<void>()
      const interrupted = yield* Deferred.make<void>()
      const sleep = Deferred.succeed(started, undefined).pipe(
        Effect.andThen(Effect.never),
        Effect.onInterrupt(() => Deferred.succeed(interrupted, undefined))
      )
      const programs: TestPrograms = { sleep: () => sleep }
      return { programs, started: Deferred.await(started), interrupted: Deferred.await(interrupted) }
    })

    it.effect("by a terminate", () =>
      Effect.gen(function* () {
        const { interrupted, programs, started } = yield* sleeper
        const { exec } = yield* client(programs)
        const running = yield* exec({ command: ["sleep"] })
        yield* started
        yield* running.terminate
        assert.strictEqual((yield* running.exit).exitCode, 137)
        yield* interrupted
      })
    )

    it.effect("by its timeout", () =>
      Effect.gen(function* () {
        const { interrupted, programs, started } = yield* sleeper
        const { request } = yield* client(programs)
        const params = { command: ["sleep"], timeoutMs: 1000 }
        const timed = yield* Effect.forkChild(request("command/exec", params), { startImmediately: true })
        yield* started
        yield* TestClock.adjust("1 second")
        assert.strictEqual((yield* Fiber.join(timed)).exitCode, 124)
        yield* interrupted
      })
    )

    it.effect("by the end of its connection", () =>
      Effect.gen(function* () {
        const { interrupted, programs, started } = yield* sleeper
        const { request } = yield* Effect.provide(
          AppServerClient.make(HELLO),
          yield* Layer.build(AppServer.layerTest(programs))
        ).pipe(
          Effect.tap(({ request }) => Effect.forkScoped(request("command/exec", { command: ["sleep"] }))),
          Effect.tap(() => started),
          Effect.scoped
        )
        yield* interrupted
        assert.strictEqual((yield* Effect.flip(request("config/read", {})))._tag, "ConnectionLost")
      })
    )
  })

  it.effect("a program that writes without end waits for a client that does not read", () =>
    Effect.gen(function* () {
      let written = 0
      const bytes = new Uint8Array(64 * 1024)
      const { exec } = yield* client({
        yes: ({ write }) =>
          Effect.forever(Effect.tap(write(bytes), () => Effect.sync(() => void (written += bytes.length))))
      })
      const running = yield* exec({ command: ["yes"], disableOutputCap: true })
      yield* Effect.yieldNow
      let before = -1
      while (written > before) {
        before = written
        for (let i = 0; i < 100; i++) yield* Effect.yieldNow
      }
      assert.isBelow(written, 16 * 1024 * 1024)
      const read = yield* Stream.runFold(
        Stream.take(running.stdout, 200),
        () => 0,
        (sum, { length }) => sum + length
      )
      assert.isAbove(read, before, "more came when it read")
    })
  )

  it.effect("what is not among the programs cannot be started, and there are no files", () =>
    Effect.gen(function* () {
      const { request } = yield* client()
      const error = yield* Effect.flip(request("command/exec", { command: ["ls"] }))
      assert.include(error.message, "No such file or directory (os error 2)")
      const missing = yield* Effect.flip(request("fs/readFile", { path: "/etc/passwd" }))
      assert.include(missing.message, "No such file or directory (os error 2)")
    })
  )

  it.live("a client with a WebSocket of its own finds it behind a transport", () =>
    Effect.gen(function* () {
      const listening = WebSocketTransport.layer({ host: "127.0.0.1", port: 0 })
      const context = yield* Layer.build(Layer.provide(listening, AppServer.layerTest(cat)))
      const { port } = Context.get(context, WebSocketTransport)
      const own = yield* connect(`ws://127.0.0.1:${port}`)
      yield* own.initialize()
      const { result } = yield* own.request("command/exec", { command: ["cat"] })
      assert.deepStrictEqual(result, { exitCode: 0, stdout: "", stderr: "" })
    })
  )
})
