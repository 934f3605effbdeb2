/** The transport over streams in memory and over real pipes, with scripted processes behind it. */
import { PassThrough, Writable } from "node:stream"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { HIGH_WATER_BYTES } from "../../src/layers/Backlog.ts"
import { StdioTransport } from "../../src/layers/StdioTransport.ts"
import * as Limits from "../../src/services/Limits.ts"
import { until, type Message } from "../support/harness.ts"
import * as Scripted from "../support/scripted.ts"
import * as ScriptedSpawner from "../support/ScriptedSpawner.ts"

const KIB = 1024

/** What a client reads when it wants to: nothing is taken until it does. */
class Reader extends Writable {
  text = ""
  reading = true
  #taken: (() => void) | undefined

  constructor() {
    super({ highWaterMark: 64 * KIB })
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void) {
    const take = () => {
      this.text += chunk.toString()
      done()
    }
    if (this.reading) take()
    else this.#taken = take
  }

  /** Takes what waits, and all that follows. */
  read() {
    this.reading = true
    this.#taken?.()
  }

  get messages(): ReadonlyArray<Message> {
    const lines = this.text.split("\n")
    assert.strictEqual(lines.pop(), "", "a whole line")
    return lines.map((line) => JSON.parse(line) as Message)
  }
}

/** A client, which has shaken hands; the layer lives in the Scope that comes with it. */
const serve = Effect.fnUntraced(function* (limits: Partial<Limits.Limits> = {}) {
  const scripted = ScriptedSpawner.make()
  const input = new PassThrough()
  const output = new Reader()
  const scope = yield* Scope.fork(yield* Effect.scope)
  const context = yield* Layer.buildWithScope(
    StdioTransport.layer(() => ({ input, output })).pipe(
      Layer.provide(Scripted.dispatcher(scripted)),
      Layer.provide(Limits.layer(limits))
    ),
    scope
  )
  const send = (message: object) => input.write(`${JSON.stringify(message)}\n`)
  send({ id: "init", method: "initialize", params: { clientInfo: { name: "t", version: "1" } } })
  yield* until("the handshake", 1000, () => (output.text === "" ? undefined : true))
  output.text = ""
  return {
    input,
    output,
    send,
    processes: scripted.processes,
    ended: Context.get(context, StdioTransport).ended,
    close: Scope.close(scope, Exit.void)
  }
})

const unknown = (id: number) => ({ id, method: "x", params: {} })
const stream = (processId: string) => ({
  id: processId,
  method: "command/exec",
  params: {
    command: ["x"],
    processId,
    streamStdoutStderr: true,
    disableOutputCap: true,
    disableTimeout: true
  }
})

describe("StdioTransport", () => {
  it.live("answers lines with lines", () =>
    Effect.gen(function* () {
      const { input, output, send } = yield* serve()
      send(unknown(1))
      input.write('\r\n  \n{"id":2,"method":')
      input.write('"x","params":{}}\r\n{"id":3}{"id":4}\n')
      send(unknown(5))
      yield* until("the answers", 1000, () => (output.text.split("\n").length > 3 ? true : undefined))
      assert.deepStrictEqual(
        output.messages.map(({ id }) => id),
        [1, 2, 5]
      )
    })
  )

  it.live("is over at the end of the input, with the last line answered, and what runs ended", () =>
    Effect.gen(function* () {
      const { close, ended, input, output, processes, send } = yield* serve()
      send(stream("p"))
      yield* until("the process", 1000, () => processes[0])
      input.end(JSON.stringify(unknown(7)))
      yield* ended
      yield* close
      assert.isTrue(processes[0]!.released)
      assert.deepStrictEqual(
        output.messages.map(({ id }) => id),
        [7]
      )
    })
  )

  it.live("holds a client back that does not read, and keeps order", () =>
    Effect.gen(function* () {
      const { input, output, send } = yield* serve({ maxUnsentBytes: 256 * KIB })
      output.reading = false
      const count = 4000 // with answers of 600 bytes
      let sent = 0
      yield* until("the pause", 5000, () => {
        for (let i = 0; i < 100 && sent < count; i++) send(unknown(sent++))
        return input.isPaused() ? true : undefined
      })
      while (sent < count) send(unknown(sent++))
      yield* Effect.sleep(20)
      assert.isAbove(output.writableLength, 256 * KIB)
      assert.isBelow(output.writableLength, 258 * KIB)
      output.read()
      yield* until("all answers", 5000, () => (output.text.split("\n").length > count ? true : undefined))
      assert.deepStrictEqual(
        output.messages.map(({ id }) => id),
        Array.from({ length: count }, (_, i) => i)
      )
    })
  )

  it.live("lets streams wait above 1 MiB", () =>
    Effect.gen(function* () {
      const { output, processes, send } = yield* serve()
      send(stream("p"))
      yield* until("the process", 1000, () => processes[0])
      output.reading = false
      const chunk = "x".repeat(64 * KIB)
      for (let i = 0; i < 64; i++) yield* processes[0]!.writes(chunk)
      yield* processes[0]!.finishes()
      yield* until("the high water", 2000, () =>
        output.writableLength > HIGH_WATER_BYTES ? true : undefined
      )
      yield* Effect.sleep(50)
      assert.isBelow(output.writableLength, HIGH_WATER_BYTES + 128 * KIB)
      output.read()
      yield* until("the answer", 5000, () => (/"exitCode":0.*\n$/.test(output.text) ? true : undefined))
      const deltas = output.messages.filter(({ method }) => method !== undefined)
      const bytes = deltas.map(({ params }) => Buffer.from(params.deltaBase64, "base64").length)
      assert.strictEqual(
        bytes.reduce((sum, n) => sum + n),
        64 * chunk.length
      )
    })
  )

  it.live("is over, without a failure, when nobody reads any more", () =>
    Effect.gen(function* () {
      const { close, ended, output, processes, send } = yield* serve()
      send(stream("p"))
      yield* until("the process", 1000, () => processes[0])
      output.destroy(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }))
      yield* ended
      yield* close
      assert.isTrue(processes[0]!.released)
    })
  )

  it.live("fails with the system's text when it cannot write or read", () =>
    Effect.gen(function* () {
      const full = yield* serve()
      full.output.destroy(Object.assign(new Error("write ENOSPC"), { code: "ENOSPC" }))
      assert.deepInclude(yield* Effect.flip(full.ended), {
        message: "cannot write to stdout: No space left on device (os error 28)"
      })
      const directory = yield* serve()
      directory.input.destroy(Object.assign(new Error("read EISDIR"), { code: "EISDIR" }))
      assert.deepInclude(yield* Effect.flip(directory.ended), {
        message: "cannot read stdin: Is a directory (os error 21)"
      })
    })
  )

  it.live("waits a second at its end for a client that reads late, and no longer", () =>
    Effect.gen(function* () {
      for (const reads of [true, false]) {
        const { close, ended, input, output, send } = yield* serve()
        output.reading = false
        for (let id = 0; id < 1000; id++) send(unknown(id))
        input.end()
        yield* ended
        const closed = yield* Deferred.make<number>()
        const started = performance.now()
        yield* Effect.forkChild(
          Effect.andThen(
            close,
            Effect.suspend(() => Deferred.succeed(closed, performance.now() - started))
          )
        )
        if (reads) {
          yield* Effect.sleep(100)
          output.read()
          assert.isBelow(yield* Deferred.await(closed), 900)
          assert.strictEqual(output.messages.length, 1000)
        } else {
          const milliseconds = yield* Deferred.await(closed)
          assert.isAbove(milliseconds, 900)
          assert.isBelow(milliseconds, 2000)
        }
      }
    })
  )
})
