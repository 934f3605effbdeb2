/** The clients against servers as they are: everything that a client promises, over each transport. */
import * as fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { AppServerClient } from "../../src/services/AppServerClient.ts"
import type { ExecParams, RemoteProcess } from "../../src/services/RemoteProcess.ts"
import { clientTargets, layerOf } from "../support/clientTargets.ts"
import { until } from "../support/harness.ts"

const INFO = { clientInfo: { name: "test", version: "1" }, capabilities: { experimentalApi: true } }
/** How often it is tried what a server gives back, each time with a server of its own and some commands. */
const ROUND_TRIPS = 5
const WAIT_MS = 5000

const sh = (script: string) => ({ command: ["sh", "-c", script] })
const text = (stream: RemoteProcess["stdout"]) =>
  Effect.map(Stream.runCollect(stream), (chunks) => Buffer.concat(chunks).toString())
const start = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.forkChild(effect, { startImmediately: true })
const isAlive = (pid: number) => fs.existsSync(`/proc/${pid}`)

/** Reads until something fits. */
const untilOutput = ({ output }: RemoteProcess, pattern: RegExp) => {
  let seen = ""
  return output.pipe(
    Stream.runForEachWhile(({ bytes }) =>
      Effect.sync(() => {
        seen += Buffer.from(bytes).toString()
        return !pattern.test(seen)
      })
    ),
    Effect.timeoutOrElse({
      duration: WAIT_MS,
      orElse: () => Effect.die(new Error(`no ${pattern} in ${JSON.stringify(seen)}`))
    }),
    Effect.map(() => pattern.exec(seen)!)
  )
}

describe.each(clientTargets)("a client of $name", ({ start: startTarget }) => {
  const connected = Effect.gen(function* () {
    const { kill, target } = yield* startTarget
    const connect = Effect.provide(AppServerClient.make(INFO), layerOf(target), { local: true })
    return { client: yield* connect, connect, kill }
  })
  const run = Effect.fnUntraced(function* (client: AppServerClient["Service"], params: ExecParams) {
    const process = yield* client.exec(params)
    const { stderr, stdout } = yield* Effect.all(
      { stdout: text(process.stdout), stderr: text(process.stderr) },
      { concurrency: "unbounded" }
    )
    return { stdout, stderr, exitCode: (yield* process.exit).exitCode }
  }, Effect.scoped)

  it.live("asks for what there is in the contract, and gets errors with their codes", () =>
    Effect.gen(function* () {
      const { client } = yield* connected
      assert.strictEqual(client.server.platformFamily, "unix")
      assert.strictEqual((yield* client.request("config/read", {})).config.sandbox_mode, "danger-full-access")
      assert.isNull((yield* client.request("configRequirements/read")).requirements)
      assert.strictEqual((yield* client.request("mock/experimentalMethod", { value: "é" })).echoed, "é")
      assert.deepInclude(yield* client.request("command/exec", { command: ["echo", "x"] }), {
        exitCode: 0,
        stdout: "x\n"
      })
      assert.deepInclude(yield* Effect.flip(client.request("command/exec", { command: [] })), {
        _tag: "RequestError",
        code: -32600,
        message: "command must not be empty"
      })
    })
  )

  it.live("runs commands side by side, each with its own output and end", () =>
    Effect.gen(function* () {
      const { client } = yield* connected
      const commands = Array.from({ length: 30 }, (_, i) => i)
      const results = yield* Effect.forEach(
        commands,
        (i) => run(client, sh(`echo out ${i}; echo err ${i} >&2; exit ${i}`)),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(
        results,
        commands.map((i) => ({ stdout: `out ${i}\n`, stderr: `err ${i}\n`, exitCode: i }))
      )
    })
  )

  it.live("says at the exit and in the streams why a command did not start", () =>
    Effect.gen(function* () {
      const { client } = yield* connected
      const process = yield* client.exec({ command: ["/nonexistent"] })
      for (const failed of [process.exit, Stream.runDrain(process.output)]) {
        assert.deepInclude(yield* Effect.flip(Effect.asVoid(failed)), {
          _tag: "RequestError",
          code: -32603,
          message: "failed to spawn command: No such file or directory (os error 2)"
        })
      }
    })
  )

  const Byte = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))
  const Pieces = Schema.Array(Schema.Array(Byte))
  it.live.prop(
    "gives back the bytes that it wrote, however they are cut",
    [Arbitrary.schema(Schema.NonEmptyArray(Pieces))],
    ([commands]) =>
      Effect.gen(function* () {
        const { client } = yield* connected
        yield* Effect.forEach(
          commands,
          Effect.fnUntraced(function* (pieces) {
            const cat = yield* client.exec({ command: ["cat"], streamStdin: true })
            const reading = yield* start(Stream.runCollect(cat.stdout))
            yield* Effect.forEach(pieces, (bytes) => cat.write(new Uint8Array(bytes)))
            yield* cat.closeStdin
            assert.deepStrictEqual(Array.from(Buffer.concat(yield* Fiber.join(reading))), pieces.flat())
          }, Effect.scoped)
        )
      }),
    { arbitrary: { runs: ROUND_TRIPS } }
  )

  it.live("moves megabytes both ways", () =>
    Effect.gen(function* () {
      const { client } = yield* connected
      const cat = yield* client.exec({ command: ["cat"], streamStdin: true, disableOutputCap: true })
      const bytes = Buffer.alloc(5_000_000, "0123456789abcdef\n")
      const reading = yield* start(Stream.runCollect(cat.stdout))
      yield* cat.write(bytes)
      yield* cat.closeStdin
      assert.isTrue(Buffer.concat(yield* Fiber.join(reading)).equals(bytes))
      assert.strictEqual((yield* cat.exit).exitCode, 0)
    })
  )

  it.live("has terminals, which take sizes and keys", () =>
    Effect.gen(function* () {
      const { client } = yield* connected
      const size = { rows: 31, cols: 101 }
      const shell = yield* client.exec({ command: ["sh"], tty: true, size, env: { PS1: "> " } })
      yield* untilOutput(shell, /> /)
      yield* shell.write("stty size\n")
      yield* untilOutput(shell, /31 101\r\n/)
      yield* shell.resize({ rows: 32, cols: 102 })
      yield* shell.write("stty size\n")
      yield* untilOutput(shell, /32 102\r\n/)
      yield* shell.write("exit 3\n")
      assert.strictEqual((yield* shell.exit).exitCode, 3)
    })
  )

  const sleeper = { ...sh("echo pid $$; exec sleep 1000"), disableTimeout: true }
  const pidOf = Effect.fnUntraced(function* (process: RemoteProcess) {
    const [, pid] = yield* untilOutput(process, /pid (\d+)\n/)
    return Number(pid)
  })

  it.live("terminates a command with its Scope, and with the fiber that is interrupted", () =>
    Effect.gen(function* () {
      const { client } = yield* connected
      const closed = yield* Effect.scoped(Effect.flatMap(client.exec(sleeper), pidOf))
      assert.isFalse(isAlive(closed))
      let pid = 0
      const fiber = yield* start(
        Effect.scoped(
          Effect.gen(function* () {
            const process = yield* client.exec(sleeper)
            pid = yield* pidOf(process)
            return yield* process.exit
          })
        )
      )
      yield* until("the process", WAIT_MS, () => pid || undefined)
      assert.isTrue(isAlive(pid))
      yield* Fiber.interrupt(fiber)
      assert.isFalse(isAlive(pid))
      const terminated = yield* client.exec(sleeper)
      yield* pidOf(terminated)
      yield* terminated.terminate
      assert.strictEqual((yield* terminated.exit).exitCode, 137)
    })
  )

  it.live("ends all that it started with the connection", () =>
    Effect.gen(function* () {
      const { connect } = yield* connected
      const pid = yield* Effect.scoped(
        Effect.gen(function* () {
          const client = yield* connect
          const deltas = client.notifications("command/exec/outputDelta")
          const params = { ...sleeper, processId: "p", streamStdoutStderr: true }
          yield* start(Effect.ignore(client.request("command/exec", params)))
          const [delta] = yield* deltas.pipe(Stream.take(1), Stream.runCollect)
          return Number(/\d+/.exec(Buffer.from(delta!.deltaBase64, "base64").toString()))
        })
      )
      yield* until("the end", WAIT_MS, () => !isAlive(pid) || undefined)
    })
  )

  it.live(
    "is held up by a command that nobody reads until its Scope closes, and by none with the default caps",
    () =>
      Effect.gen(function* () {
        const { client } = yield* connected
        const capped = yield* client.exec(sh("yes & yes >&2; wait"))
        assert.strictEqual((yield* run(client, { command: ["echo", "x"] })).stdout, "x\n")
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* client.exec({ command: ["yes"], disableOutputCap: true, disableTimeout: true })
            const echo = yield* start(client.request("mock/experimentalMethod", { value: "late" }))
            // above the bound and what the system's buffers hold nothing comes any more
            let answered = 0
            yield* Effect.gen(function* () {
              for (;;) {
                yield* client.request("mock/experimentalMethod", {})
                answered = Date.now()
              }
            }).pipe(
              Effect.raceFirst(
                until("the halt", WAIT_MS, () => (answered > 0 && Date.now() - answered > 500) || undefined)
              )
            )
            yield* Fiber.join(echo)
          })
        )
        assert.strictEqual((yield* client.request("mock/experimentalMethod", { value: "y" })).echoed, "y")
        yield* capped.terminate
        assert.strictEqual((yield* text(capped.stderr)).length, 1_048_576)
      })
  )

  it.live("starts processes and hears of them by notifications", () =>
    Effect.gen(function* () {
      const { client } = yield* connected
      const spawn = { ...sh("echo x"), processHandle: "h", cwd: "/", streamStdoutStderr: true }
      const exited = yield* start(
        client.notifications("process/exited").pipe(Stream.take(1), Stream.runCollect)
      )
      yield* client.request("process/spawn", spawn)
      assert.deepInclude((yield* Fiber.join(exited))[0], { processHandle: "h", exitCode: 0 })
      const [delta] = yield* client
        .notifications("process/outputDelta")
        .pipe(Stream.take(1), Stream.runCollect)
      assert.deepInclude(delta, { processHandle: "h", stream: "stdout", deltaBase64: "eAo=" })
    })
  )

  it.live("leaves nothing behind in its own process", () =>
    Effect.gen(function* () {
      const { connect } = yield* connected
      const held = () => {
        const counts: Record<string, number> = {}
        for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1
        return counts
      }
      yield* Effect.sleep(1) // as below, it is asked in a timer of its own
      const before = held()
      const more = () =>
        Object.entries(held()).filter(([name, count]) => name !== "Immediate" && count > (before[name] ?? 0))
      for (let i = 0; i < 5; i++) {
        yield* Effect.scoped(
          Effect.gen(function* () {
            const client = yield* connect
            yield* run(client, { command: ["echo", "x"] })
            yield* client.exec(sleeper)
            yield* client.exec({ command: ["yes"], disableOutputCap: true })
            yield* start(Stream.runDrain(client.notifications("configWarning")))
          })
        )
      }
      yield* Effect.sleep(1)
      yield* until("as before", WAIT_MS, () => more().length === 0 || undefined).pipe(
        Effect.catch(() => Effect.sync(() => assert.deepStrictEqual(more(), [])))
      )
    })
  )
})

describe.each(clientTargets.filter(({ name }) => !name.includes("stdio")))(
  "the end of $name",
  ({ start: startTarget }) => {
    it.live("is a typed error for everybody who waits", () =>
      Effect.gen(function* () {
        const { kill, target } = yield* startTarget
        const client = yield* Effect.provide(AppServerClient.make(INFO), layerOf(target))
        const sleep = yield* client.exec({ ...sh("echo x; sleep 1000"), disableTimeout: true })
        yield* untilOutput(sleep, /x/)
        kill()
        for (const failed of [
          sleep.exit,
          Stream.runDrain(sleep.output),
          client.request("config/read", {}),
          Stream.runDrain(client.notifications("configWarning"))
        ]) {
          assert.strictEqual((yield* Effect.flip(Effect.asVoid(failed)))._tag, "ConnectionLost")
        }
        const again = Effect.provide(AppServerClient.make(INFO), layerOf(target))
        assert.deepInclude(yield* Effect.flip(Effect.scoped(again)), { _tag: "ConnectError" })
      })
    )
  }
)
