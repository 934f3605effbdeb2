import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { CommandExec, MAX_PENDING_STDIN_BYTES, type Command } from "../../src/services/CommandExec.ts"
import { MAX_BUFFERED_BYTES } from "../../src/services/OutputBuffer.ts"
import { Sandbox } from "../../src/services/Sandbox.ts"
import { unconfined } from "../../src/services/SandboxRules.ts"
import * as ScriptedSpawner from "../support/ScriptedSpawner.ts"

const command = (changes: Partial<Command> = {}): Command => ({
  argv: ["program"],
  cwd: "/",
  env: {},
  timeout: Duration.seconds(10),
  outputBytesCap: Infinity,
  io: { stdin: false },
  sandbox: unconfined,
  owner: 1,
  ...changes
})

/** Runs a test with a scripted spawner and the exec service over it. */
const withExec = <A, E>(
  test: (
    exec: CommandExec["Service"],
    scripted: ScriptedSpawner.ScriptedSpawner
  ) => Effect.Effect<A, E, Scope.Scope>
) =>
  Effect.suspend(() => {
    const scripted = ScriptedSpawner.make()
    return Effect.flatMap(Effect.service(CommandExec), (exec) => test(exec, scripted)).pipe(
      Effect.provide(CommandExec.layer.pipe(Layer.provide([scripted.layer, Sandbox.layerNone()])))
    )
  })

const start = (
  exec: CommandExec["Service"],
  scripted: ScriptedSpawner.ScriptedSpawner,
  changes?: Partial<Command>
) =>
  Effect.map(exec.start(command(changes)), (running) => ({
    running,
    process: scripted.processes[scripted.processes.length - 1]!
  }))

const fork = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.forkChild(effect, { startImmediately: true })

const bytes = (text: string) => new TextEncoder().encode(text)

const text = (running: { readonly output: Stream.Stream<{ readonly bytes: Uint8Array }> }) =>
  running.output.pipe(
    Stream.map((chunk) => new TextDecoder().decode(chunk.bytes)),
    Stream.runCollect,
    Effect.map((chunks) => chunks.join(""))
  )

describe("CommandExec", () => {
  it.effect("streams the output, then tells the exit code", () =>
    withExec((exec, scripted) =>
      Effect.gen(function* () {
        const { process, running } = yield* start(exec, scripted)
        const output = yield* fork(text(running))
        yield* process.writes("one ")
        yield* process.writes("two", "stderr")
        yield* process.finishes(7)
        assert.strictEqual(yield* Fiber.join(output), "one two")
        assert.deepInclude(yield* running.exit, { exitCode: 7, timedOut: false })
      })
    )
  )

  it.effect("kills when the time is over, keeps the output and says 124", () =>
    withExec((exec, scripted) =>
      Effect.gen(function* () {
        const { process, running } = yield* start(exec, scripted, { timeout: Duration.millis(200) })
        yield* process.writes("before")
        yield* TestClock.adjust("199 millis")
        assert.strictEqual(process.kills, 0)
        yield* TestClock.adjust("1 millis")
        assert.isAbove(process.kills, 0)
        assert.strictEqual(yield* text(running), "before")
        assert.deepInclude(yield* running.exit, { exitCode: 124, timedOut: true })
      })
    )
  )

  it.effect("does not look at the clock after the exit", () =>
    withExec((exec, scripted) =>
      Effect.gen(function* () {
        const { process, running } = yield* start(exec, scripted, { timeout: Duration.millis(200) })
        yield* process.exits({ code: 3 })
        yield* TestClock.adjust("1 second")
        yield* process.closes("stdout", "stderr")
        assert.deepInclude(yield* running.exit, { exitCode: 3, timedOut: false })
      })
    )
  )

  it.effect("lets a command without a timeout run on", () =>
    withExec((exec, scripted) =>
      Effect.gen(function* () {
        const { process } = yield* start(exec, scripted, { timeout: undefined })
        yield* TestClock.adjust("365 days")
        assert.strictEqual(process.kills, 0)
      })
    )
  )

  it.effect("takes the largest 64-bit timeout", () =>
    withExec((exec, scripted) =>
      Effect.gen(function* () {
        const { process } = yield* start(exec, scripted, { timeout: Duration.millis(Number(2n ** 63n - 1n)) })
        yield* TestClock.adjust("365 days")
        assert.strictEqual(process.kills, 0)
      })
    )
  )

  it.effect(
    "reads for 2 s after the exit while somebody holds the pipes, then kills the rest of the group",
    () =>
      withExec((exec, scripted) =>
        Effect.gen(function* () {
          const { process, running } = yield* start(exec, scripted)
          const output = yield* fork(text(running))
          yield* process.writes("a")
          yield* process.exits({ code: 0 })
          yield* TestClock.adjust("1999 millis")
          yield* process.writes("b")
          assert.isUndefined(output.pollUnsafe())
          assert.strictEqual(process.kills, 0)
          yield* TestClock.adjust("1 millis")
          assert.strictEqual(yield* Fiber.join(output), "ab")
          yield* running.exit
          assert.strictEqual(process.kills, 1)
        })
      )
  )

  it.effect("does not wait for a stream whose cap is full", () =>
    withExec((exec, scripted) =>
      Effect.gen(function* () {
        const { process, running } = yield* start(exec, scripted, { outputBytesCap: 5 })
        yield* process.writes("12345 and more")
        yield* process.closes("stderr")
        yield* process.exits({ code: 0 })
        assert.strictEqual(yield* text(running), "12345")
        assert.deepInclude(yield* running.exit, { exitCode: 0, timedOut: false })
      })
    )
  )

  it.effect("does not count the time in which the reader holds the output back as drain", () =>
    withExec((exec, scripted) =>
      Effect.gen(function* () {
        const { process, running } = yield* start(exec, scripted)
        yield* process.writes("x".repeat(MAX_BUFFERED_BYTES))
        yield* process.exits({ code: 0 })
        yield* TestClock.adjust("10 seconds")
        assert.strictEqual(process.kills, 0)
        const output = yield* fork(text(running))
        yield* process.writes("the rest")
        yield* process.closes("stdout", "stderr")
        assert.strictEqual((yield* Fiber.join(output)).length, MAX_BUFFERED_BYTES + "the rest".length)
      })
    )
  )

  it.effect("says 128 + n for a signal on pipes and 1 on a terminal", () =>
    withExec((exec, scripted) =>
      Effect.gen(function* () {
        const piped = yield* start(exec, scripted)
        yield* piped.process.closes("stdout", "stderr")
        yield* piped.process.exits({ signal: 15 })
        assert.strictEqual((yield* piped.running.exit).exitCode, 143)
        const terminal = yield* start(exec, scripted, { io: { rows: 24, cols: 80 } })
        yield* terminal.process.closes("stdout")
        yield* terminal.process.exits({ signal: 15 })
        assert.strictEqual((yield* terminal.running.exit).exitCode, 1)
      })
    )
  )

  it.effect("terminates at once, whatever waits", () =>
    withExec((exec, scripted) =>
      Effect.gen(function* () {
        const { process, running } = yield* start(exec, scripted, { io: { stdin: true } })
        process.pendingInput = MAX_PENDING_STDIN_BYTES
        yield* process.writes("kept")
        yield* running.terminate
        assert.strictEqual(yield* text(running), "kept")
        assert.strictEqual((yield* running.exit).exitCode, 137)
      })
    )
  )

  it.effect("releases the process when its Scope closes", () =>
    withExec((exec, scripted) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const { process } = yield* start(exec, scripted).pipe(Scope.provide(scope))
        assert.isFalse(process.released)
        yield* Scope.close(scope, Exit.void)
        assert.isTrue(process.released)
      })
    )
  )

  it.effect("leaves nothing behind when it is interrupted while it starts", () =>
    withExec((exec, scripted) =>
      Effect.gen(function* () {
        scripted.delay = Effect.sleep("1 second")
        const starting = yield* fork(Effect.scoped(exec.start(command())))
        yield* Fiber.interrupt(starting)
        yield* TestClock.adjust("2 seconds")
        assert.isTrue(scripted.processes.every((process) => process.released))
      })
    )
  )

  it.effect("writes to stdin in order and refuses to write behind its end", () =>
    withExec((exec, scripted) =>
      Effect.gen(function* () {
        const { process, running } = yield* start(exec, scripted, { io: { stdin: true } })
        yield* running.write(bytes("a"), false)
        yield* running.write(bytes("b"), true)
        yield* running.write(new Uint8Array(0), true)
        assert.deepStrictEqual(process.input, ["a", "b", "<end>"])
        assert.strictEqual((yield* Effect.flip(running.write(bytes("c"), false)))._tag, "StdinClosed")
      })
    )
  )

  it.effect("refuses more input than the bound while a command does not read", () =>
    withExec((exec, scripted) =>
      Effect.gen(function* () {
        const { process, running } = yield* start(exec, scripted, { io: { stdin: true } })
        yield* running.write(new Uint8Array(MAX_PENDING_STDIN_BYTES + 1), false)
        process.pendingInput = MAX_PENDING_STDIN_BYTES
        const refused = yield* Effect.flip(running.write(new Uint8Array(1), false))
        assert.deepInclude(refused, {
          _tag: "StdinFull",
          max: MAX_PENDING_STDIN_BYTES,
          current: MAX_PENDING_STDIN_BYTES
        })
      })
    )
  )

  it.effect("refuses stdin that is not streamed and sizes without a terminal", () =>
    withExec((exec, scripted) =>
      Effect.gen(function* () {
        const { running } = yield* start(exec, scripted)
        assert.strictEqual(
          (yield* Effect.flip(running.write(new Uint8Array(1), false)))._tag,
          "StdinNotStreamed"
        )
        assert.strictEqual((yield* Effect.flip(running.resize({ rows: 1, cols: 1 })))._tag, "NotATerminal")
      })
    )
  )

  it.effect("resizes a terminal, which takes input without being asked to", () =>
    withExec((exec, scripted) =>
      Effect.gen(function* () {
        const { process, running } = yield* start(exec, scripted, { io: { rows: 24, cols: 80 } })
        yield* running.resize({ rows: 5, cols: 6 })
        yield* running.write(new TextEncoder().encode("x"), false)
        assert.deepStrictEqual(process.sizes, [{ rows: 5, cols: 6 }])
        assert.deepStrictEqual(process.input, ["x"])
      })
    )
  )

  describe("without a sandbox", () => {
    it.effect("tells commands that have no network so", () =>
      withExec((exec, scripted) =>
        Effect.gen(function* () {
          const open = yield* start(exec, scripted)
          assert.deepStrictEqual(open.process.spec.env, {})
          const closed = yield* start(exec, scripted, { sandbox: { _tag: "Unconfined", network: false } })
          assert.deepStrictEqual(closed.process.spec.env, { CODEX_SANDBOX_NETWORK_DISABLED: "1" })
        })
      )
    )

    it.effect("refuses what is to be confined and spawns nothing", () =>
      withExec((exec, scripted) =>
        Effect.gen(function* () {
          const sandbox = { _tag: "Confined", policy: "readOnly", writableRoots: [], network: true } as const
          const error = yield* Effect.flip(exec.start(command({ sandbox })))
          assert.deepInclude(error, { _tag: "SandboxUnavailable", policy: "readOnly" })
          assert.deepStrictEqual(scripted.processes, [])
        })
      )
    )
  })

  it.effect("fails where the sandbox ended before the command began, and gives what it wrote", () =>
    withExec((exec, scripted) =>
      Effect.gen(function* () {
        const { process, running } = yield* start(exec, scripted)
        yield* process.writes("bwrap: no room", "stderr")
        yield* process.closes("stdout", "stderr")
        yield* process.exits({ notStarted: true })
        const chunks = yield* Stream.runCollect(running.output)
        assert.deepStrictEqual(
          chunks.map(({ bytes }) => Buffer.from(bytes).toString()),
          ["bwrap: no room"]
        )
        assert.strictEqual((yield* Effect.flip(running.exit))._tag, "SandboxFailed")
      })
    )
  )
})
