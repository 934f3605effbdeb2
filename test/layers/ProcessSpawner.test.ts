/** What every ProcessSpawner must do, on pipes and on terminals, with real processes. */
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { MARK_VARIABLE, childrenOf } from "../../src/layers/ProcessTables.ts"
import * as NodeProcessSpawner from "../../src/layers/NodeProcessSpawner.ts"
import { OutputBuffer } from "../../src/services/OutputBuffer.ts"
import { ProcessSpawner, type RunningProcess, type SpawnSpec } from "../../src/services/ProcessSpawner.ts"
import { HAS_NATIVE, temporaryDirectory, until } from "../support/harness.ts"
import { refusedStarts } from "../support/refusedStarts.ts"

const MIB = 1024 * 1024
/** How often what once failed in a third of the runs is tried. */
const BURSTS = Number(process.env["BURSTS"] ?? 50)

type Io = SpawnSpec["io"] & Pick<SpawnSpec, "collected">
const PIPES: Io = { stdin: true }
const COLLECTED: Io = { ...PIPES, collected: true }
const TERMINAL: Io = { rows: 24, cols: 80 }
const PATH = process.env["PATH"]!

interface Started {
  readonly process: RunningProcess
  readonly output: OutputBuffer
}

const spawn = (argv: SpawnSpec["argv"], { collected = false, ...io }: Io, options: Partial<SpawnSpec> = {}) =>
  Effect.gen(function* () {
    const spawner = yield* ProcessSpawner
    const output = new OutputBuffer("rows" in io ? ["stdout"] : ["stdout", "stderr"], Infinity)
    const process = yield* spawner.spawn(
      { argv, cwd: "/", env: { PATH }, io, owner: 1, collected, ...options },
      output
    )
    return { process, output } satisfies Started
  })

const sh = (script: string, io: Io, options?: Partial<SpawnSpec>) => spawn(["sh", "-c", script], io, options)

/** All output, read as fast as it comes. */
const collect = ({ output, process }: Started) =>
  Effect.gen(function* () {
    const reader = yield* Stream.fromPull(Effect.succeed(output.pull)).pipe(
      Stream.map((chunk) => chunk.bytes),
      Stream.runCollect,
      Effect.forkChild({ startImmediately: true })
    )
    const status = yield* process.exit
    yield* output.awaitSettled
    output.close()
    return { status, bytes: Buffer.concat(yield* Fiber.join(reader)) }
  })

const text = (started: Started) => Effect.map(collect(started), ({ bytes }) => bytes.toString())

const isAlive = (pid: number) => {
  try {
    // a zombie has ended
    return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, "utf8"))
  } catch {
    return false
  }
}
const ended = (pid: number) => until(`the end of ${pid}`, 2000, () => (isAlive(pid) ? undefined : true))
const openDescriptors = () => fs.readdirSync("/proc/self/fd").length

type TestedLayer = Layer.Layer<ProcessSpawner, NodeProcessSpawner.NativeUnavailable>

const suite = (layer: TestedLayer) => {
  const live = (
    name: string,
    test: Effect.Effect<unknown, unknown, ProcessSpawner | Scope.Scope>,
    timeout = 20_000
  ) => it.live(name, () => Effect.provide(Effect.scoped(test), layer), timeout)

  for (const [kind, io, newline] of [
    ["pipes", PIPES, "\n"],
    ["pipes that are only collected", COLLECTED, "\n"],
    ["a terminal", TERMINAL, "\r\n"]
  ] as const) {
    describe(`a process on ${kind}`, () => {
      live(
        "tells its exit code",
        Effect.gen(function* () {
          for (const code of [0, 1, 2, 77, 127, 128, 255]) {
            const { status } = yield* collect(yield* sh(`exit ${code}`, io))
            assert.deepStrictEqual(status, { code })
          }
        })
      )

      live(
        "tells the signal that killed it",
        Effect.gen(function* () {
          for (const [name, signal] of [
            ["KILL", 9],
            ["TERM", 15],
            ["SEGV", 11],
            ["USR1", 10]
          ] as const) {
            const { status } = yield* collect(yield* sh(`ulimit -c 0; kill -${name} $$`, io))
            assert.deepStrictEqual(status, { signal, name: `SIG${name}` })
          }
        })
      )

      live(
        "leads a session and a process group",
        Effect.gen(function* () {
          const started = yield* sh("cut -d' ' -f1,5,6 /proc/$$/stat", io)
          const [pid, pgid, sid] = (yield* text(started)).trim().split(" ").map(Number)
          assert.deepStrictEqual(
            [pid, pgid, sid],
            [started.process.pid, started.process.pid, started.process.pid]
          )
        })
      )

      live(
        "gets exactly the environment and the directory that were asked for",
        Effect.gen(function* () {
          const env = { PATH, A: "1", B: "two words", EMPTY: "" }
          const started = yield* spawn(["env"], io, { env, cwd: "/tmp" })
          const lines = (yield* text(started))
            .split(newline)
            .filter((line) => line !== "" && !line.startsWith(MARK_VARIABLE))
          assert.sameMembers(lines, [`PATH=${PATH}`, "A=1", "B=two words", "EMPTY="])
          assert.strictEqual(yield* text(yield* spawn(["pwd"], io, { cwd: "/usr" })), `/usr${newline}`)
        })
      )

      live(
        "reads what is written to it, in order, and then its end",
        Effect.gen(function* () {
          const started = yield* sh('while read line; do echo "got $line"; done; echo end', io)
          const output = yield* Effect.forkChild(text(started), { startImmediately: true })
          yield* started.process.write(Buffer.from("one\n"), false)
          yield* started.process.write(Buffer.from("two\n"), true)
          const lines = (yield* Fiber.join(output)).split(newline)
          assert.includeMembers(lines, ["got one", "got two", "end"])
          assert.isBelow(lines.indexOf("got one"), lines.indexOf("got two"))
        })
      )

      live(
        "says that nobody takes input any more once it has ended",
        Effect.gen(function* () {
          const started = yield* sh("exit 0", io)
          yield* collect(started)
          yield* until("a refused write", 2000, () =>
            Effect.runSync(started.process.write(Buffer.from("late\n"), false)) ? undefined : true
          )
        })
      )

      live(
        "is killed at once, with its group, while megabytes wait for it",
        Effect.gen(function* () {
          const started = yield* sh("trap '' TERM HUP; sleep 600 & echo $!; sleep 600", io)
          const [chunk] = yield* started.output.pull
          const child = Number(Buffer.from(chunk.bytes).toString())
          const write = yield* Effect.forkChild(started.process.write(Buffer.alloc(10 * MIB, "x\n"), false), {
            startImmediately: true
          })
          const before = Date.now()
          yield* started.process.kill
          assert.deepStrictEqual(yield* started.process.exit, { signal: 9, name: "SIGKILL" })
          assert.isBelow(Date.now() - before, 1000)
          yield* ended(child)
          assert.isFalse(yield* Fiber.join(write))
        })
      )

      live(
        "ends with its Scope, and its group with it",
        Effect.gen(function* () {
          const scope = yield* Scope.make()
          const started = yield* sh("trap '' TERM HUP; sleep 600 & echo $!; sleep 600", io).pipe(
            Scope.provide(scope)
          )
          const [chunk] = yield* started.output.pull
          const child = Number(Buffer.from(chunk.bytes).toString())
          yield* Scope.close(scope, Exit.void)
          assert.isFalse(isAlive(started.process.pid))
          yield* ended(child)
        })
      )

      live(
        "is held back by a reader that does not read, and loses nothing",
        Effect.gen(function* () {
          const directory = yield* temporaryDirectory
          const done = path.join(directory, "done")
          const started = yield* sh(`head -c ${8 * MIB} /dev/zero | tr '\\0' x; echo > ${done}`, io)
          yield* Effect.sleep(300)
          assert.isFalse(fs.existsSync(done))
          const { bytes } = yield* collect(started)
          assert.strictEqual(bytes.length, 8 * MIB)
          assert.isTrue(fs.existsSync(done))
        })
      )

      live(
        "loses no byte that was written right before the exit",
        Effect.gen(function* () {
          for (let i = 0; i < BURSTS; i++) {
            for (const size of [20 * 1024, 100_000]) {
              const { bytes } = yield* Effect.scoped(
                Effect.flatMap(sh(`head -c ${size} /dev/zero | tr '\\0' y`, io), collect)
              )
              assert.strictEqual(bytes.length, size)
            }
          }
        }),
        120_000
      )

      live(
        "loses no byte when the reader comes after the exit",
        Effect.gen(function* () {
          for (const size of [1, 3000, 20_000]) {
            const started = yield* sh(`head -c ${size} /dev/zero | tr '\\0' z`, io)
            if ("rows" in io) yield* started.process.exit
            else yield* Effect.sleep(100)
            assert.strictEqual((yield* collect(started)).bytes.length, size)
          }
        })
      )

      live(
        "leaves no descriptor behind",
        Effect.gen(function* () {
          yield* Effect.scoped(Effect.flatMap(sh("echo warm", io), collect))
          const before = openDescriptors()
          for (let i = 0; i < 20; i++) yield* Effect.scoped(Effect.flatMap(sh("echo x", io), collect))
          yield* until("the descriptors to be closed", 2000, () =>
            openDescriptors() <= before ? true : undefined
          )
        })
      )

      describe("cannot start", () => {
        for (const { argv, message, options, why } of refusedStarts(io)) {
          live(
            why,
            Effect.gen(function* () {
              const error = yield* Effect.flip(spawn(argv, io, options))
              assert.deepInclude(error, { _tag: "SpawnError", message })
            })
          )
        }

        live(
          "and leaves no descriptor and no child behind",
          Effect.gen(function* () {
            yield* Effect.exit(spawn(["/etc/passwd"], io))
            const before = [openDescriptors(), childrenOf(process.pid)]
            for (let i = 0; i < 20; i++) {
              for (const program of ["/nonexistent/program", "/etc/passwd"]) {
                yield* Effect.flip(spawn([program], io))
              }
            }
            assert.deepStrictEqual([openDescriptors(), childrenOf(process.pid)], before)
          })
        )

        live(
          "a file of a format that the kernel does not know",
          Effect.gen(function* () {
            const file = path.join(yield* temporaryDirectory, "no-format")
            fs.writeFileSync(file, "echo this is no script\n", { mode: 0o755 })
            const error = yield* Effect.flip(spawn([file], io))
            assert.deepInclude(error, { _tag: "SpawnError", message: "Exec format error (os error 8)" })
          })
        )
      })
    })
  }

  describe("a process on pipes", () => {
    live(
      "keeps stdout and stderr apart and has no terminal",
      Effect.gen(function* () {
        const started = yield* sh("echo out; echo err >&2; cut -d' ' -f7 /proc/$$/stat", PIPES)
        const reader = yield* Effect.forkChild(
          Stream.runCollect(Stream.fromPull(Effect.succeed(started.output.pull))),
          { startImmediately: true }
        )
        yield* started.process.exit
        yield* started.output.awaitSettled
        started.output.close()
        const chunks = yield* Fiber.join(reader)
        const of = (stream: string) =>
          Buffer.concat(
            chunks.filter((chunk) => chunk.stream === stream).map((chunk) => chunk.bytes)
          ).toString()
        assert.strictEqual(of("stdout"), "out\n0\n")
        assert.strictEqual(of("stderr"), "err\n")
      })
    )

    live(
      "reads from /dev/null when stdin is not wanted",
      Effect.gen(function* () {
        assert.strictEqual(
          yield* text(yield* sh("readlink /proc/self/fd/0; cat", { stdin: false })),
          "/dev/null\n"
        )
      })
    )
  })

  describe("a process on a terminal", () => {
    live(
      "has a controlling terminal on all three descriptors, of the size asked for, and no TERM",
      Effect.gen(function* () {
        const script = '[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && tty && stty size && echo "[${TERM-unset}]"'
        const output = yield* text(yield* sh(script, { rows: 31, cols: 101 }))
        assert.match(output, /^\/dev\/pts\/\d+\r\n31 101\r\n\[unset\]\r\n$/)
      })
    )

    live(
      "is told of a new size by SIGWINCH, and a resize after its end does nothing",
      Effect.gen(function* () {
        const started = yield* sh(
          "trap 'stty size; exit 0' WINCH; echo ready; while :; do sleep 0.02; done",
          TERMINAL
        )
        yield* started.output.pull
        yield* started.process.resize({ rows: 7, cols: 9 })
        assert.strictEqual(yield* text(started), "7 9\r\n")
        yield* started.process.resize({ rows: 8, cols: 8 })
      })
    )

    live(
      "echoes each key by itself, without waiting for the next",
      Effect.gen(function* () {
        const started = yield* spawn(["cat"], TERMINAL)
        for (const key of "every key") {
          yield* started.process.write(Buffer.from(key), false)
          const [echo] = yield* started.output.pull
          assert.strictEqual(Buffer.from(echo.bytes).toString(), key)
        }
      })
    )

    live(
      "does not keep the server busy while it does not read",
      Effect.gen(function* () {
        const started = yield* sh("stty raw -echo; echo ready; exec sleep 600", TERMINAL)
        yield* started.output.pull
        yield* Effect.forkChild(started.process.write(Buffer.alloc(4 * MIB, "x"), false), {
          startImmediately: true
        })
        const before = process.cpuUsage()
        yield* Effect.sleep(500)
        const { system, user } = process.cpuUsage(before)
        assert.isBelow((system + user) / 1000, 250)
        assert.isAbove(started.process.pendingInput(), 3 * MIB)
      })
    )

    live(
      "is over when its leader is, whatever else holds the terminal",
      Effect.gen(function* () {
        const started = yield* sh("sleep 600 & echo $!; exit 0", TERMINAL)
        const child = Number(yield* text(started))
        yield* ended(child)
      })
    )
  })
}

describe.skipIf(!HAS_NATIVE)("by native calls:", () => {
  suite(NodeProcessSpawner.layerNative)
})
describe("by Node and node-pty:", () => {
  suite(NodeProcessSpawner.layerPortable)
})

describe.skipIf(!HAS_NATIVE)("the two ways to a terminal", () => {
  it.live("give a program the same one: flags, characters, speeds, size", () =>
    Effect.gen(function* () {
      const settings = (layer: TestedLayer) =>
        Effect.scoped(Effect.flatMap(sh("stty -a; stty -g; stty speed", { rows: 31, cols: 101 }), text)).pipe(
          Effect.provide(layer)
        )
      const native = yield* settings(NodeProcessSpawner.layerNative)
      assert.strictEqual(native, yield* settings(NodeProcessSpawner.layerPortable))
      assert.include(native, "rows 31; columns 101")
      assert.match(native, /(?<!-)iutf8/)
    })
  )
})
