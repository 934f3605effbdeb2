/** A command in a sandbox is like one outside: the same exits, bytes, terminals and refusals, with real processes. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Bubblewrap from "../../src/layers/Bubblewrap.ts"
import * as NodeProcessSpawner from "../../src/layers/NodeProcessSpawner.ts"
import { isGone } from "../../src/layers/ProcessTables.ts"
import * as ProgramLookup from "../../src/layers/ProgramLookup.ts"
import { PROTECTED_NAMES } from "../../src/layers/ProtectedPaths.ts"
import * as SandboxCheck from "../../src/layers/SandboxCheck.ts"
import { CommandExec, type Command, type RunningCommand } from "../../src/services/CommandExec.ts"
import { Sandbox } from "../../src/services/Sandbox.ts"
import type { SandboxRules } from "../../src/services/SandboxRules.ts"
import { HAS_BUBBLEWRAP, temporaryDirectory, until } from "../support/harness.ts"
import { childrenOf, statOf } from "../support/trees.ts"
import { ENOENT, refusedStarts } from "../support/refusedStarts.ts"

const MIB = 1024 * 1024
/** How often what once failed in a third of the runs is tried. */
const BURSTS = Number(process.env["BURSTS"] ?? 50)
/** How many commands are started to see whether something stays behind. */
const COMMANDS = Number(process.env["LEAK_COMMANDS"] ?? 40)
/** How long a refusal may take; the promise is 50 ms, on a machine that does nothing else. */
const FAILURE_MS = 500

type Io = Command["io"]
const PIPES: Io = { stdin: true }
const TERMINAL: Io = { rows: 24, cols: 80 }
const KINDS = [
  ["pipes", PIPES, "\n"],
  ["a terminal", TERMINAL, "\r\n"]
] as const
const PATH = process.env["PATH"]!

const readOnly: SandboxRules = { _tag: "Confined", policy: "readOnly", writableRoots: [], network: false }
const UNCONFINED: SandboxRules = { _tag: "Unconfined", network: true }
const writable = (...writableRoots: ReadonlyArray<string>): SandboxRules => ({
  ...readOnly,
  policy: "workspaceWrite",
  writableRoots
})

const sandbox = Layer.sync(Sandbox, () =>
  Bubblewrap.make({ bwrap: ProgramLookup.find("bwrap", PATH)!, setsid: ProgramLookup.find("setsid", PATH)! })
)
const commands = CommandExec.layer.pipe(Layer.provide(sandbox), Layer.provide(NodeProcessSpawner.layer))

const live = (
  name: string,
  test: Effect.Effect<unknown, unknown, CommandExec | Scope.Scope>,
  timeout = 20_000
) => it.live(name, () => Effect.provide(Effect.scoped(test), commands), timeout)

const start = (argv: Command["argv"], options: Partial<Command> = {}) =>
  Effect.gen(function* () {
    const exec = yield* CommandExec
    const owner = yield* exec.owner
    return yield* exec.start({
      argv,
      cwd: "/",
      env: { PATH },
      timeout: undefined,
      outputBytesCap: Infinity,
      io: PIPES,
      sandbox: readOnly,
      owner,
      ...options
    })
  })

/** All that it writes from now on, and how it ended. */
const collect = (running: RunningCommand) =>
  Effect.gen(function* () {
    const chunks = yield* Stream.runCollect(running.output)
    const of = (stream: "stdout" | "stderr") =>
      Buffer.concat(chunks.filter((chunk) => chunk.stream === stream).map(({ bytes }) => bytes))
    return { exit: yield* running.exit, stdout: of("stdout"), stderr: of("stderr").toString() }
  })

/** A command from its start to its end; nothing of it is left. */
const run = (argv: Command["argv"], options?: Partial<Command>) =>
  Effect.scoped(Effect.flatMap(start(argv, options), collect))
const sh = (script: string, options?: Partial<Command>) => run(["sh", "-c", script], options)
const text = (script: string, options?: Partial<Command>) =>
  Effect.map(sh(script, options), ({ stdout }) => stdout.toString())

/** Reads all the time, so that a test can wait for what is to come. */
const reader = (running: RunningCommand) =>
  Effect.gen(function* () {
    let seen = ""
    const reading = yield* Stream.runForEach(running.output, ({ bytes }) =>
      Effect.sync(() => {
        seen += Buffer.from(bytes).toString("latin1")
      })
    ).pipe(Effect.forkChild({ startImmediately: true }))
    return {
      /** Waits until what came matches. */
      expect: (expected: RegExp) =>
        until(`${expected}`, 5000, () => (expected.test(seen) ? seen : undefined)).pipe(
          Effect.mapError((error) => new Error(`${error.message}; saw ${JSON.stringify(seen.slice(-500))}`))
        ),
      /** All that came, at the end. */
      all: Effect.map(Fiber.join(reading), () => seen)
    }
  })

const write = (running: RunningCommand, keys: string) => running.write(Buffer.from(keys, "latin1"), false)

const isAlive = (pid: number) => !isGone(pid)

describe.skipIf(!HAS_BUBBLEWRAP)("a sandboxed command", () => {
  for (const [kind, io, newline] of KINDS) {
    describe(`on ${kind}`, () => {
      live(
        "tells each of the 256 exit codes as it is",
        Effect.gen(function* () {
          const directory = yield* temporaryDirectory
          yield* Effect.forEach(
            Array.from({ length: 256 }, (_, code) => code),
            (code) =>
              Effect.map(
                sh(`exit ${code}`, { io, sandbox: code % 2 === 0 ? readOnly : writable(directory) }),
                ({ exit, stderr, stdout }) =>
                  assert.deepStrictEqual([exit.exitCode, stdout.toString(), stderr], [code, "", ""])
              ),
            { concurrency: 8, discard: true }
          )
        })
      )

      live(
        "tells by 128 + n that signal n killed it, which is all that reaches the outside",
        Effect.gen(function* () {
          for (const signal of [1, 2, 3, 6, 9, 10, 11, 13, 14, 15]) {
            const { exit } = yield* sh(`ulimit -c 0; kill -${signal} $$; exit 77`, { io })
            assert.deepInclude(exit, { exitCode: 128 + signal, signal: undefined }, `${signal}`)
          }
        })
      )

      live(
        "is in a session and a process group of its namespace, so that signals to its group stay inside",
        Effect.gen(function* () {
          const [pid, pgid, sid] = (yield* text("cut -d' ' -f1,5,6 /proc/$$/stat", { io })).trim().split(" ")
          // 0 is what is outside
          assert.notInclude([pgid, sid], "0")
          if ("rows" in io) assert.deepStrictEqual([pgid, sid], [pid, pid])
          const { exit } = yield* sh("trap 'exit 7' TERM; kill 0; sleep 1", { io })
          assert.strictEqual(exit.exitCode, 7)
        })
      )

      live(
        "gets the environment that was asked for, its directory as PWD and the want of a network, no more",
        Effect.gen(function* () {
          const env = { PATH, A: "1", B: "two words", EMPTY: "", PWD: "/elsewhere" }
          const wanted = [`PATH=${PATH}`, "A=1", "B=two words", "EMPTY=", "PWD=/tmp"]
          const variables = (network: boolean) =>
            Effect.map(
              run(["env"], { io, env, cwd: "/tmp", sandbox: { ...readOnly, network } as SandboxRules }),
              ({ stdout }) =>
                stdout
                  .toString()
                  .split(newline)
                  .filter((line) => line !== "")
            )
          assert.sameMembers(yield* variables(true), wanted)
          assert.sameMembers(yield* variables(false), [...wanted, "CODEX_SANDBOX_NETWORK_DISABLED=1"])
        })
      )

      live(
        "runs in the directory that was asked for",
        Effect.gen(function* () {
          const directory = yield* temporaryDirectory
          for (const cwd of ["/", "/usr", directory]) {
            assert.strictEqual((yield* run(["pwd"], { io, cwd })).stdout.toString(), cwd + newline)
          }
        })
      )

      live(
        "reads what is written to it, in order, and then its end",
        Effect.gen(function* () {
          const running = yield* start(["sh", "-c", 'while read l; do echo "got $l"; done; echo end'], { io })
          const output = yield* Effect.forkChild(collect(running), { startImmediately: true })
          yield* write(running, "one\n")
          yield* running.write(Buffer.from("two\n"), true)
          const { exit, stdout } = yield* Fiber.join(output)
          const lines = stdout.toString().split(newline)
          assert.includeMembers(lines, ["got one", "got two", "end"])
          assert.isBelow(lines.indexOf("got one"), lines.indexOf("got two"))
          assert.strictEqual(exit.exitCode, 0)
        })
      )

      live(
        "is heard at once, each line when it is written",
        Effect.gen(function* () {
          const running = yield* start(["sh", "-c", "stty -echo 2>&-; echo ready; exec cat"], { io })
          const { expect } = yield* reader(running)
          yield* expect(/ready/)
          for (const line of ["first", "second", "third"]) {
            yield* write(running, `${line}\n`)
            yield* expect(new RegExp(line))
          }
        })
      )

      live(
        "loses no byte that was written right before the exit",
        Effect.gen(function* () {
          const directory = yield* temporaryDirectory
          for (let i = 0; i < BURSTS; i++) {
            for (const size of [20 * 1024, 100 * 1024]) {
              const rules = i % 2 === 0 ? readOnly : writable(directory)
              const { stdout } = yield* sh(`head -c ${size} /dev/zero | tr '\\0' y`, { io, sandbox: rules })
              assert.strictEqual(stdout.length, size)
            }
          }
        }),
        120_000
      )

      live(
        "passes 8 MiB each way through cat",
        Effect.gen(function* () {
          const raw = "rows" in io ? "stty raw -echo; " : ""
          const running = yield* start(["sh", "-c", `${raw}echo ready; exec head -c ${8 * MIB}`], { io })
          const { all, expect } = yield* reader(running)
          // what comes before `stty` would be echoed
          const ready = yield* expect(/ready\r?\n/)
          const bytes = Buffer.alloc(8 * MIB, "0123456789abcdefghijklmnopqrstuvwxyz!")
          yield* running.write(bytes, false)
          assert.strictEqual((yield* running.exit).exitCode, 0)
          const passed = (yield* all).slice(ready.length)
          assert.strictEqual(passed.length, bytes.length)
          assert.isTrue(passed === bytes.toString("latin1"))
        })
      )

      live(
        "shares its terminal with no other command, sandboxed or not, whatever descriptors are free",
        Effect.gen(function* () {
          const fillers = Array.from({ length: 40 }, () => fs.openSync("/dev/null", "r"))
          yield* Effect.addFinalizer(() => Effect.sync(() => fillers.forEach((fd) => fs.closeSync(fd))))
          // far up, with gaps below
          const terminal = yield* start(["sleep", "600"], { io: TERMINAL })
          for (const fd of fillers.splice(10, 20)) fs.closeSync(fd)
          const list = "for fd in /proc/$$/fd/*; do readlink $fd; done; :"
          for (const sandbox of [readOnly, UNCONFINED]) {
            const listed = (yield* text(list, { io, sandbox })).split(newline)
            assert.isAtLeast(listed.length, 4)
            assert.notInclude(listed, "/dev/ptmx")
            const terminals = new Set(listed.filter((target) => target.startsWith("/dev/pt")))
            assert.strictEqual(terminals.size, "rows" in io ? 1 : 0, listed.join(" "))
          }
          assert.isTrue(isAlive(terminal.pid))
        })
      )

      describe("cannot start", () => {
        for (const { argv, message, options, why } of refusedStarts(io)) {
          live(
            why,
            Effect.gen(function* () {
              const before = Date.now()
              for (const rules of [readOnly, UNCONFINED]) {
                const error = yield* Effect.flip(run(argv, { io, sandbox: rules, ...options }))
                assert.deepInclude(error, { _tag: "SpawnError", message }, rules._tag)
              }
              assert.isBelow(Date.now() - before, FAILURE_MS)
            })
          )
        }

        live(
          "a script whose interpreter is not there, or a file of an unknown format",
          Effect.gen(function* () {
            const directory = yield* temporaryDirectory
            for (const [name, content, message] of [
              ["script", "#!/nonexistent/shell\n", ENOENT],
              ["no-format", "echo this is no script\n", "Exec format error (os error 8)"]
            ] as const) {
              const file = path.join(directory, name)
              fs.writeFileSync(file, content, { mode: 0o755 })
              const error = yield* Effect.flip(run([file], { io }))
              assert.deepInclude(error, { _tag: "SpawnError", message })
            }
          })
        )

        live(
          "where its directory is hidden: the sandbox fails, at once, and nothing runs",
          Effect.gen(function* () {
            // its own /proc has another process of this number, or none
            const cwd = `/proc/${process.pid}/task/${process.pid}`
            const directory = yield* temporaryDirectory
            const before = Date.now()
            const error = yield* Effect.flip(
              sh(`echo ran >${directory}/ran`, { io, cwd, sandbox: writable(directory) })
            )
            assert.deepInclude(error, { _tag: "SandboxFailed" })
            assert.isBelow(Date.now() - before, FAILURE_MS)
            assert.deepStrictEqual(fs.readdirSync(directory), [])
          })
        )
      })

      live(
        "finds its program in the PATH of its own environment, or from its directory",
        Effect.gen(function* () {
          const directory = yield* temporaryDirectory
          fs.writeFileSync(path.join(directory, "mine"), "#!/bin/sh\necho mine\n", { mode: 0o755 })
          const expected = `mine${newline}`
          const env = { PATH: `/nonexistent:${directory}` }
          assert.strictEqual((yield* run(["mine"], { io, env })).stdout.toString(), expected)
          assert.strictEqual((yield* run(["./mine"], { io, cwd: directory })).stdout.toString(), expected)
          // `env` is in a directory of the default path
          assert.include((yield* run(["env"], { io, env: {} })).stdout.toString(), "PWD=/")
        })
      )

      const counted = (argv: ReadonlyArray<string>) =>
        Effect.map(run(["sh", "-c", "echo $#; shift $(($# - 1)); echo $1", "sh", ...argv], { io }), (ran) =>
          ran.stdout.toString().split(newline)
        )

      live(
        "gets arguments and variables as long as outside",
        Effect.gen(function* () {
          const long = Array.from({ length: 14 }, () => "x".repeat(120_000))
          assert.deepStrictEqual(yield* counted(long), ["14", long[0], ""])
          const env = { PATH, ...Object.fromEntries(long.map((value, n) => [`V${n}`, value])) }
          const { stdout } = yield* run(["env"], { io, env })
          assert.strictEqual(stdout.toString().match(/^V\d+=x{120000}\r?$/gm)?.length, long.length)
        })
      )

      live(
        "gets thousands of arguments, and is refused with more than bwrap takes",
        Effect.gen(function* () {
          const many = Array.from({ length: 8000 }, (_, n) => `${n} 'x' "$y" \\`)
          assert.deepStrictEqual(yield* counted(many), ["8000", many.at(-1), ""])
          const more = many.concat(many.slice(0, 1000))
          const error = yield* Effect.flip(Effect.scoped(start(["echo", ...more], { io })))
          assert.strictEqual(error._tag, "SandboxUnavailable")
          assert.match((error as { readonly problem: string }).problem, /^bubblewrap takes 9000 words/)
        })
      )

      for (const [how, end, exitCode] of [
        ["is terminated", (running: RunningCommand) => running.terminate, "rows" in io ? 1 : 137],
        ["times out", () => Effect.void, 124]
      ] as const) {
        live(
          `takes along all that it started when it ${how}, and nothing of another command`,
          Effect.gen(function* () {
            const directory = yield* temporaryDirectory
            const other = yield* start(["sh", "-c", "sleep 600 & wait"], { io })
            const timeout = { timeout: how === "times out" ? Duration.millis(600) : undefined }
            const script = `${STUBBORN(directory)}; echo up; wait; sleep 600`
            const running = yield* start(["sh", "-c", script], {
              io,
              sandbox: writable(directory),
              ...timeout
            })
            yield* until("all of them", 5000, () => (marked(directory).length >= 7 ? true : undefined))
            yield* end(running)
            const { exit } = yield* collect(running)
            assert.strictEqual(exit.exitCode, exitCode)
            yield* until("the end of all", 1000, () => (marked(directory).length === 0 ? true : undefined))
            assert.isTrue(isAlive(other.pid))
          })
        )
      }

      live(
        "takes along all that it started when its Scope closes",
        Effect.gen(function* () {
          const directory = yield* temporaryDirectory
          const scope = yield* Scope.make()
          const script = `${STUBBORN(directory)}; wait; sleep 600`
          const running = yield* Scope.provide(
            start(["sh", "-c", script], { io, sandbox: writable(directory) }),
            scope
          )
          yield* until("all of them", 5000, () => (marked(directory).length >= 7 ? true : undefined))
          yield* Scope.close(scope, Exit.void)
          assert.isFalse(isAlive(running.pid))
          yield* until("the end of all", 1000, () => (marked(directory).length === 0 ? true : undefined))
        })
      )

      live(
        "takes its daemons along when it exits, and does not wait for them though they hold its output",
        Effect.gen(function* () {
          const directory = yield* temporaryDirectory
          const before = Date.now()
          const script = `${STUBBORN(directory)}; until [ -e ${directory}/go ]; do sleep 0.02; done; exit 5`
          const running = yield* start(["sh", "-c", script], { io, sandbox: writable(directory) })
          yield* until("all of them", 5000, () => (marked(directory).length >= 7 ? true : undefined))
          fs.writeFileSync(path.join(directory, "go"), "")
          assert.strictEqual((yield* collect(running)).exit.exitCode, 5)
          assert.isBelow(Date.now() - before, 1900)
          yield* until("the end of all", 1000, () => (marked(directory).length === 0 ? true : undefined))
        })
      )
    })
  }

  live(
    "on pipes keeps stdout and stderr apart, and has no terminal and, unless asked for, no stdin",
    Effect.gen(function* () {
      const script =
        "echo out; echo err >&2; cut -d' ' -f7 /proc/$$/stat; (: </dev/tty) 2>/dev/null || echo none"
      const { stderr, stdout } = yield* sh(script)
      assert.deepStrictEqual([stdout.toString(), stderr], ["out\n0\nnone\n", "err\n"])
      const io = { stdin: false }
      assert.strictEqual(yield* text("readlink /proc/self/fd/0; cat", { io }), "/dev/null\n")
    })
  )

  describe("on a terminal", () => {
    const io = TERMINAL

    live(
      "has it as its controlling terminal, with a name, of the size asked for, and TERM only as given",
      Effect.gen(function* () {
        const script =
          'echo yes >/dev/tty; [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && tty && stty size; echo "[${TERM-unset}]"'
        const size = { rows: 31, cols: 101 }
        assert.match(yield* text(script, { io: size }), /^yes\r\n\/dev\/\S+\r\n31 101\r\n\[unset\]\r\n$/)
        assert.include(yield* text(script, { io: size, env: { PATH, TERM: "xterm" } }), "[xterm]")
      })
    )

    live(
      "is told of a new size by SIGWINCH",
      Effect.gen(function* () {
        const script = "trap 'stty size; exit 3' WINCH; echo ready; while :; do sleep 0.02; done"
        const running = yield* start(["sh", "-c", script], { io })
        const { expect } = yield* reader(running)
        yield* expect(/ready/)
        yield* running.resize({ rows: 7, cols: 9 })
        yield* expect(/7 9/)
        assert.strictEqual((yield* running.exit).exitCode, 3)
        yield* running.resize({ rows: 8, cols: 8 })
      })
    )

    live(
      "gets ^C and ^\\ as signals, and those that handle them live on",
      Effect.gen(function* () {
        const script =
          "trap 'echo interrupted' INT; trap 'echo quitted' QUIT; echo ready; while :; do sleep 0.02; done"
        const running = yield* start(["sh", "-c", script], { io })
        const { expect } = yield* reader(running)
        yield* expect(/ready/)
        yield* write(running, "\x03")
        yield* expect(/interrupted/)
        yield* write(running, "\x1c")
        yield* expect(/quitted/)
        yield* write(running, "\x03")
        yield* expect(/interrupted[^]*interrupted/)
        assert.isTrue(isAlive(running.pid))
      })
    )

    live(
      "ends by ^C like any program, and by the end of its input",
      Effect.gen(function* () {
        const sleeping = yield* start(["sh", "-c", "echo ready; exec sleep 600"], { io })
        const { expect } = yield* reader(sleeping)
        yield* expect(/ready/)
        yield* write(sleeping, "\x03")
        assert.strictEqual((yield* sleeping.exit).exitCode, 130)
        const cat = yield* start(["cat"], { io })
        yield* reader(cat)
        yield* cat.write(new Uint8Array(), true)
        assert.strictEqual((yield* cat.exit).exitCode, 0)
      })
    )

    for (const shell of ["sh", "bash"]) {
      const has = ProgramLookup.find(shell, PATH) !== undefined
      it.live.skipIf(!has)(`has job control in an interactive ${shell}`, () =>
        Effect.gen(function* () {
          const env = { PATH, PS1: "> ", HOME: "/nonexistent", HISTFILE: "/dev/null" }
          const running = yield* start([shell, "-i"], { io, env })
          const { expect } = yield* reader(running)
          yield* write(running, "set -m; echo up$((1 + 1))\n")
          assert.notMatch(yield* expect(/up2/), /job control turned off|no job control|can't access tty/)
          yield* write(running, "sleep 600\n")
          yield* until("the foreground job", 5000, () => foregroundOf(running.pid))
          yield* write(running, "\x1a")
          yield* expect(/Stopped/)
          yield* write(running, "jobs; echo jobs$((1 + 1))\n")
          yield* expect(/sleep 600[^]*jobs2/)
          yield* write(running, "fg\n")
          yield* until("the foreground job", 5000, () => foregroundOf(running.pid))
          yield* write(running, "\x03")
          yield* write(running, "echo back$?\n")
          yield* expect(/back130/)
          yield* write(running, "exit 9\n")
          assert.strictEqual((yield* running.exit).exitCode, 9)
        }).pipe(Effect.provide(commands))
      )
    }
  })

  describe("is preceded by a check that", () => {
    const check = Effect.provide(
      Effect.suspend(() => SandboxCheck.check()),
      NodeProcessSpawner.layer
    )

    it.live("finds that everything works here", () =>
      Effect.gen(function* () {
        const { findings, sandbox } = yield* check
        assert.strictEqual(SandboxCheck.problemOf(findings), "")
        assert.isAtLeast(findings.length, 5)
        assert.isDefined(sandbox)
      })
    )

    it.live("says that bubblewrap is missing, and how to install it", () =>
      Effect.gen(function* () {
        yield* Effect.acquireRelease(
          Effect.sync(() => (process.env["PATH"] = "/nonexistent")),
          () => Effect.sync(() => (process.env["PATH"] = PATH))
        )
        const { findings, sandbox } = yield* check
        assert.isUndefined(sandbox)
        assert.match(
          SandboxCheck.problemOf(findings),
          /^bubblewrap: bwrap is not in PATH; install it .*apt-get install bubblewrap/
        )
      })
    )
  })

  describe("leaves nothing behind", () => {
    const held = () => ({
      descriptors: fs.readdirSync("/proc/self/fd").length,
      children: childrenOf(process.pid).length,
      zombies: childrenOf(process.pid).filter((pid) => statOf(pid)?.[0] === "Z").length,
      resources: process.getActiveResourcesInfo().filter((name) => name !== "Timeout").length,
      signalHandlers: process.listenerCount("SIGCHLD") + process.listenerCount("exit")
    })
    /** What is held once it has been the same for longer than any orphan of ours is a zombie. */
    const atRest = Effect.suspend(() => {
      let last = ""
      let since = 0
      return until("a process at rest", 5000, () => {
        const now = held()
        if (JSON.stringify(now) !== last) since = Date.now()
        last = JSON.stringify(now)
        return Date.now() - since > 300 ? now : undefined
      })
    })
    const files = () => fs.readdirSync(os.tmpdir()).filter((name) => /^effect-app-server-.{36}$/.test(name))
    const protectedIn = (...directories: ReadonlyArray<string>) =>
      directories.flatMap((directory) =>
        PROTECTED_NAMES.map((name) => path.join(directory, name)).filter((file) => fs.existsSync(file))
      )

    live(
      "of any kind, in the server and in the workspace",
      Effect.gen(function* () {
        const workspace = yield* temporaryDirectory
        const temporary = yield* temporaryDirectory
        const rules = writable(workspace, temporary)
        const options = (n: number): Partial<Command> => ({
          io: n % 2 === 0 ? PIPES : TERMINAL,
          sandbox: n % 4 < 2 ? rules : readOnly,
          cwd: workspace
        })
        const kinds: ReadonlyArray<(n: number) => Effect.Effect<unknown, unknown, CommandExec>> = [
          (n) => run(["true"], options(n)),
          (n) => sh("echo out; echo err >&2; exit 3", options(n)),
          (n) => sh("setsid sleep 600 & (sleep 600 >/dev/null 2>&1 &) ; exit 0", options(n)),
          (n) => sh("kill -9 $$", options(n)),
          (n) => Effect.flip(run(["/nonexistent"], options(n))),
          (n) => Effect.flip(run(["true"], { ...options(n), cwd: `/proc/${process.pid}/task` })),
          (n) => run(["sleep", "600"], { ...options(n), timeout: Duration.millis(20) }),
          (n) => Effect.scoped(start(["sleep", "600"], options(n)))
        ]
        const all = (count: number) =>
          Effect.forEach(
            Array.from({ length: count }, (_, n) => n),
            (n) => kinds[n % kinds.length]!(n >> 3),
            { concurrency: 8, discard: true }
          )
        // loads what is loaded on first use
        yield* all(4 * kinds.length)
        const before = yield* atRest
        yield* all(COMMANDS)
        yield* until("as before", 5000, () =>
          JSON.stringify(held()) === JSON.stringify(before) ? true : undefined
        ).pipe(Effect.catch(() => Effect.sync(() => assert.deepStrictEqual(held(), before))))
        assert.deepStrictEqual(files(), [])
        assert.deepStrictEqual(protectedIn(workspace, temporary), [])
      }),
      60_000
    )

    live(
      "in the workspace when 20 run side by side and are terminated at random",
      Effect.gen(function* () {
        const workspace = yield* temporaryDirectory
        const temporary = yield* temporaryDirectory
        fs.mkdirSync(path.join(temporary, ".git"))
        const one = (n: number) =>
          Effect.scoped(
            Effect.gen(function* () {
              const script = n % 2 === 0 ? "sleep 600" : "trap '' TERM; setsid sleep 600 & wait"
              const running = yield* start(["sh", "-c", script], {
                io: n % 3 === 0 ? TERMINAL : PIPES,
                sandbox: writable(workspace, temporary)
              })
              // also before the sandbox is there
              yield* Effect.sleep(Math.random() * 40)
              if (n % 4 !== 0) yield* running.terminate
              if (n % 4 === 1) yield* running.exit
            })
          )
        for (let round = 0; round < 3; round++) {
          yield* Effect.forEach(
            Array.from({ length: 20 }, (_, n) => n),
            one,
            { concurrency: "unbounded", discard: true }
          )
          assert.deepStrictEqual(protectedIn(workspace, temporary), [path.join(temporary, ".git")])
        }
      })
    )
  })
})

/** Starts six processes of all kinds that carry the directory's name; with the shell they are seven and more. */
const STUBBORN = (directory: string) => {
  const lasting = `sh -c 'trap "" TERM HUP INT; sleep 600; : ${directory}'`
  return [
    "trap '' TERM HUP",
    `${lasting} &`,
    `nohup ${lasting} >/dev/null 2>&1 &`,
    `setsid ${lasting} &`,
    `(setsid ${lasting} >/dev/null 2>&1 &)`,
    `(env -i PATH="$PATH" setsid ${lasting} &)`,
    `(sh -c 'kill -STOP $$; : ${directory}' &)`
  ].join(" \n")
}

/** Who carries the directory's name in its arguments and lives. */
const marked = (directory: string): ReadonlyArray<number> =>
  fs
    .readdirSync("/proc")
    .map(Number)
    .filter((pid) => {
      try {
        return (
          pid > 0 && fs.readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(directory) && isAlive(pid)
        )
      } catch {
        return false
      }
    })

/** The process group in the foreground of the shell's terminal, if it is not the shell's own. */
const foregroundOf = (launcher: number): number | undefined => {
  const below = (pid: number): ReadonlyArray<number> => {
    try {
      return childrenOf(pid).flatMap((child) => [child].concat(below(child)))
    } catch {
      return []
    }
  }
  return below(launcher).find((pid) => {
    const stat = statOf(pid)
    return (
      stat !== undefined &&
      stat[2] === stat[5] &&
      stat[2] !== stat[3] &&
      fs.readFileSync(`/proc/${pid}/comm`, "utf8") === "sleep\n"
    )
  })
}
