/** A command in a sandbox that waited for it is like one in a sandbox of its own, and nothing that waits stays. */
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Bubblewrap from "../../src/layers/Bubblewrap.ts"
import * as NodeProcessSpawner from "../../src/layers/NodeProcessSpawner.ts"
import { isGone } from "../../src/layers/ProcessTables.ts"
import * as ProgramLookup from "../../src/layers/ProgramLookup.ts"
import * as SpareSandboxes from "../../src/layers/SpareSandboxes.ts"
import { CommandExec, type Command } from "../../src/services/CommandExec.ts"
import { ProcessSpawner } from "../../src/services/ProcessSpawner.ts"
import { Sandbox } from "../../src/services/Sandbox.ts"
import type { SandboxRules } from "../../src/services/SandboxRules.ts"
import { HAS_SPARES, temporaryDirectory, until } from "../support/harness.ts"
import { RUNS } from "../support/runs.ts"
import { sparesOf } from "../support/sandboxed.ts"

const PATH = process.env["PATH"]!
const DASH = ProgramLookup.find("dash", PATH)
const SETTLE_MS = 5000

const readOnly: SandboxRules = { _tag: "Confined", policy: "readOnly", writableRoots: [], network: false }

const bubblewrap = () =>
  Bubblewrap.make({ bwrap: ProgramLookup.find("bwrap", PATH)!, setsid: ProgramLookup.find("setsid", PATH)! })

const io = (stdin: string | undefined) => ({ stdin: stdin !== undefined })
type Call = Pick<Command, "argv"> & Partial<Command> & { readonly input?: string }

/** Commands over this sandbox, and how many of them ran in a spare. */
const commandsOver = Effect.fnUntraced(function* (sandbox: Sandbox["Service"]) {
  let spares = 0
  const counted: Sandbox["Service"] = {
    confine: (rules, command) =>
      Effect.tap(sandbox.confine(rules, command), ({ spare }) =>
        Effect.sync(() => void (spares += spare === undefined ? 0 : 1))
      )
  }
  const exec = yield* Effect.provideService(CommandExec.make, Sandbox, counted)
  const start = Effect.fnUntraced(function* ({ argv, input, ...options }: Call) {
    const running = yield* exec.start({
      argv,
      cwd: "/",
      env: { PATH },
      timeout: undefined,
      outputBytesCap: Infinity,
      io: io(input),
      sandbox: readOnly,
      owner: yield* exec.owner,
      ...options
    })
    if (input) yield* running.write(Buffer.from(input), true)
    return running
  })
  /** How it ended and what it said; or why it did not start. */
  const run = (call: Call) =>
    start(call).pipe(
      Effect.flatMap((running) =>
        Effect.gen(function* () {
          const chunks = yield* Stream.runCollect(running.output)
          const of = (stream: "stdout" | "stderr") =>
            Buffer.concat(
              chunks.filter((chunk) => chunk.stream === stream).map(({ bytes }) => bytes)
            ).toString()
          const { exitCode, signal } = yield* running.exit
          return { exitCode, signal, stdout: of("stdout"), stderr: of("stderr") }
        })
      ),
      Effect.scoped,
      Effect.catch((error) => Effect.succeed({ error: error._tag }))
    )
  return { start, run, spares: () => spares }
})

const spawner = NodeProcessSpawner.layer

/** The ordinary way, and one in which a spare waits from now on. */
const bothWays = Effect.gen(function* () {
  const ordinary = yield* commandsOver(bubblewrap())
  const spare = yield* commandsOver(yield* SpareSandboxes.make(bubblewrap(), DASH))
  yield* awaitSpare(spare)
  return { ordinary, spare }
})

/** Runs commands until one of them has run in a spare: then they work, and another one waits for the next. */
const awaitSpare = ({ run, spares }: Effect.Success<ReturnType<typeof commandsOver>>, sandbox = readOnly) =>
  Effect.gen(function* () {
    const before = spares()
    const end = Date.now() + SETTLE_MS
    while (spares() === before) {
      assert.isBelow(Date.now(), end, "no spare")
      assert.deepInclude(yield* run({ argv: ["true"], sandbox }), { exitCode: 0 })
    }
    yield* until("a spare", SETTLE_MS, () => (sparesOf(process.pid).length > 0 ? true : undefined))
  })

const live = (
  name: string,
  test: Effect.Effect<unknown, unknown, ProcessSpawner | Scope.Scope>,
  timeout = 60_000
) => it.live(name, () => Effect.provide(Effect.scoped(test), spawner), timeout)

/** Each way once, the spare one in a spare if it can. */
const compare = Effect.fnUntraced(function* (
  { ordinary, spare }: Effect.Success<typeof bothWays>,
  call: Call,
  normalise: (text: string) => string = (text) => text
) {
  yield* until("a spare", SETTLE_MS, () => (sparesOf(process.pid).length > 0 ? true : undefined))
  const before = spare.spares()
  const seen = []
  for (const { run } of [ordinary, spare]) {
    const result = yield* run(call)
    seen.push("error" in result ? result : { ...result, stdout: normalise(result.stdout) })
  }
  assert.deepStrictEqual(seen[1], seen[0], call.argv.join(" "))
  return { result: seen[0]!, inSpare: spare.spares() > before }
})

const lines = (drop: RegExp) => (text: string) =>
  text
    .split("\n")
    .filter((line) => !drop.test(line))
    .join("\n")
const sorted = (text: string) => text.split("\0").sort().join("\0")
/** Numbers that the kernel gives to each thing anew. */
const anonymous = (text: string) => text.replaceAll(/\[\d+\]/g, "[]")

/** What a command can see of itself. */
const VIEWS: ReadonlyArray<
  readonly [what: string, argv: Command["argv"], normalise?: (text: string) => string]
> = [
  ["its environment", ["env", "-0"], sorted],
  ["its descriptors", ["find", "/proc/self/fd", "-printf", "%f %m %l\n"], anonymous],
  ["where its descriptors are", ["sh", "-c", "cat /proc/self/fdinfo/[012]"], lines(/^(ino|mnt_id):/)],
  [
    "its ids, group, session and nice value",
    ["cat", "/proc/self/stat"],
    (text) =>
      text
        .split(" ")
        .filter((_, i) => [0, 3, 4, 5, 6, 7, 17, 18, 39, 40].includes(i))
        .join(" ")
  ],
  [
    "its signals, capabilities, umask and filter",
    ["cat", "/proc/self/status"],
    lines(/^(Vm|Rss|Hugetlb|.*ctxt_switches|Cpus_allowed|THP|SigQ)/)
  ],
  ["its limits", ["cat", "/proc/self/limits"], lines(/realtime timeout/)],
  ["its words", ["cat", "/proc/self/cmdline"]],
  ["its program", ["readlink", "/proc/self/exe"]],
  ["its cwd", ["readlink", "/proc/self/cwd"]],
  ["its root", ["readlink", "/proc/self/root"]],
  ["its control group", ["cat", "/proc/self/cgroup"]],
  ["its place in line to be killed", ["cat", "/proc/self/oom_score_adj"]],
  ["its personality", ["cat", "/proc/self/personality"]],
  ["its timers", ["cat", "/proc/self/timerslack_ns"]],
  ["its processes", ["ls", "/proc"], lines(/^[^\d]/)],
  [
    "its mounts",
    ["cut", "-d", " ", "-f", "4-", "/proc/self/mountinfo"],
    (text) => text.replaceAll(/(master|shared):\d+/g, "$1")
  ],
  ["its network", ["cat", "/proc/net/dev"], lines(/lo:/)],
  ["its users", ["cat", "/proc/self/uid_map", "/proc/self/gid_map", "/proc/self/setgroups"]],
  ["its umask", ["sh", "-c", "umask"]],
  ["its devices", ["ls", "/dev"]],
  ["the shell's variables", ["dash", "-c", "set"], lines(/^PPID=/)]
]

const CODES = [0, 1, 2, 42, 126, 127, 128, 137, 255]
const SIGNALS = Array.from({ length: 31 }, (_, i) => i + 1).filter(
  (n) => ![17, 18, 19, 20, 21, 22, 23, 28].includes(n)
)

/** UTF-8 of all kinds, without what no program can be given. */
const Text = Schema.String.check(
  Schema.makeFilter((text) => !text.includes("\0") && Buffer.from(text).toString() === text)
)

describe.skipIf(!HAS_SPARES)("a command in a spare sandbox", () => {
  live(
    "sees of itself what it sees in a sandbox of its own",
    Effect.gen(function* () {
      const ways = yield* bothWays
      const directory = yield* temporaryDirectory
      const link = path.join(directory, "link")
      fs.symlinkSync("/usr/bin", link)
      for (const [what, argv, normalise] of VIEWS) {
        for (const options of [
          {},
          { input: "in" },
          { cwd: link, env: { PATH, OLDPWD: "/x", A: "a b\n'c'" } }
        ]) {
          const { inSpare, result } = yield* compare(ways, { argv, ...options }, normalise)
          assert.deepInclude(result, { exitCode: 0 }, what)
          assert.isTrue(inSpare, what)
        }
      }
    })
  )

  live(
    "with a network sees the machine's",
    Effect.gen(function* () {
      const ways = yield* bothWays
      const sandbox = { ...readOnly, network: true }
      yield* awaitSpare(ways.spare, sandbox)
      for (const argv of [
        ["env", "-0"],
        ["readlink", "/proc/self/ns/net"]
      ] as const) {
        assert.isTrue((yield* compare(ways, { argv, sandbox }, sorted)).inSpare)
      }
    })
  )

  live(
    "ends as it ends in a sandbox of its own",
    Effect.gen(function* () {
      const ways = yield* bothWays
      const scripts = [
        ...CODES.map((code) => `exit ${code}`),
        ...SIGNALS.map((signal) => `kill -${signal} $$`),
        "cat; echo err >&2; exit 3",
        "trap 'exit 9' EXIT; false",
        "exec <&-; exec >&- 2>&-; sleep 0.05"
      ]
      for (const script of scripts) {
        for (const input of [undefined, "some input"]) {
          assert.isTrue(
            (yield* compare(ways, { argv: ["sh", "-c", script], ...(input && { input }) })).inSpare
          )
        }
      }
    })
  )

  it.live.prop(
    "gets words and variables as they are",
    {
      words: Schema.Array(Text),
      env: Schema.Record(Schema.String.check(Schema.isPattern(/^[A-Za-z_][A-Za-z0-9_]{0,9}$/)), Text)
    },
    ({ env, words }) =>
      Effect.gen(function* () {
        const ways = yield* bothWays
        yield* compare(ways, { argv: ["printf", "%s\\0", ...words], env: { ...env, PATH } })
        yield* compare(ways, { argv: ["env", "-0"], env: { ...env, PATH } }, sorted)
      }).pipe(Effect.scoped, Effect.provide(spawner)),
    { timeout: 600_000, arbitrary: { runs: Math.ceil(RUNS / 10) } }
  )

  live(
    "gets every byte of UTF-8, and variables that mean something to a shell",
    Effect.gen(function* () {
      const ways = yield* bothWays
      const all =
        Array.from({ length: 0x2000 }, (_, i) => String.fromCodePoint(i + 1)).join("") + "\u{1f600}\u{10ffff}"
      const names =
        "IFS PS1 PS2 PS4 LINENO PPID MAIL MAILPATH CDPATH ENV HISTSIZE TERM PWD OLDPWD HOME SHLVL _ LC_ALL ATTY OPTARG"
      for (const value of [all, "", "5", " \t\n", "~", "a:~/b", "$(echo x)`echo y`\\"]) {
        const env = { ...Object.fromEntries(names.split(" ").map((name) => [name, value])), PATH }
        assert.isTrue((yield* compare(ways, { argv: ["env", "-0"], env }, sorted)).inSpare)
        assert.isTrue((yield* compare(ways, { argv: ["printf", "%s\\0", value, value] })).inSpare)
      }
    })
  )

  live(
    "can be large",
    Effect.gen(function* () {
      const ways = yield* bothWays
      // many times what a pipe holds
      const word = "x".repeat(100_000)
      const { inSpare, result } = yield* compare(ways, {
        argv: ["printf", "%s", ...Array.from({ length: 9 }, () => word)]
      })
      assert.strictEqual("stdout" in result && result.stdout.length, 900_000)
      assert.isTrue(inSpare)
    })
  )

  live(
    "takes the ordinary way where dash would not do the same",
    Effect.gen(function* () {
      const ways = yield* bothWays
      const directory = yield* temporaryDirectory
      const program = path.join(directory, "-x")
      fs.writeFileSync(program, "#!/bin/sh\necho $0\n", { mode: 0o755 })
      const calls: ReadonlyArray<Call> = [
        { argv: ["env", "-0"], env: { PATH, "A.B": "1" } },
        { argv: ["env", "-0"], env: { PATH, OPTIND: "x" } },
        { argv: ["env", "-0"], env: { PATH: `${PATH}:/%func` } },
        { argv: ["env", "-0"], env: {} },
        { argv: ["-x"], env: { PATH: `${directory}:${PATH}` } },
        { argv: ["printf", "%s", ...Array.from({ length: 2000 }, () => "x")] },
        { argv: ["true", ...Array.from({ length: 10_000 }, () => "x")] },
        { argv: ["sh", "-c", "tty"], io: { rows: 24, cols: 80 } },
        {
          argv: ["sh", "-c", "echo x >x"],
          cwd: directory,
          sandbox: { ...readOnly, writableRoots: [directory] }
        }
      ]
      for (const call of calls) assert.isFalse((yield* compare(ways, call, sorted)).inSpare)
    })
  )

  live(
    "fails as it fails in a sandbox of its own",
    Effect.gen(function* () {
      const ways = yield* bothWays
      const directory = yield* temporaryDirectory
      // what is hidden in the sandbox
      const hidden = fs.mkdtempSync("/dev/shm/spares-")
      yield* Effect.addFinalizer(() => Effect.sync(() => fs.rmSync(hidden, { recursive: true })))
      const program = path.join(hidden, "program")
      fs.writeFileSync(program, "#!/bin/sh\n", { mode: 0o755 })
      const script = path.join(directory, "script")
      fs.writeFileSync(script, `#!${program}\n`, { mode: 0o755 })
      const calls: ReadonlyArray<Call> = [
        { argv: [program] },
        { argv: ["program"], env: { PATH: hidden } },
        { argv: [script] },
        { argv: ["true"], cwd: hidden },
        { argv: [script], input: "x" }
      ]
      for (const call of calls) {
        const { inSpare, result } = yield* compare(ways, call)
        assert.deepStrictEqual(result, { error: "SandboxFailed" })
        assert.isTrue(inSpare)
      }
      for (const call of [{ argv: ["/nonexistent"] }, { argv: ["true"], cwd: "/nonexistent" }] as const) {
        assert.deepStrictEqual((yield* compare(ways, call)).result, { error: "SpawnError" })
      }
      // which left the spare where it was
      assert.isTrue((yield* compare(ways, { argv: ["true"] })).inSpare)
    })
  )

  live(
    "ends with all that it started, whatever that did to get away, when it is terminated and when its owner goes",
    Effect.gen(function* () {
      const { spare } = yield* bothWays
      const script =
        "for i in 1 2 3; do (env -i setsid sh -c 'trap \"\" TERM HUP; sleep 60; :' &) ; done; echo up; exec sleep 60"
      for (const terminate of [true, false]) {
        const before = spare.spares()
        const scope = yield* Scope.make()
        const running = yield* Scope.provide(spare.start({ argv: ["sh", "-c", script] }), scope)
        assert.strictEqual(spare.spares(), before + 1)
        yield* Stream.runHead(running.output)
        const tree = yield* until("the whole tree", SETTLE_MS, () => {
          const all = below(running.pid)
          return all.length >= 9 ? all : undefined
        })
        if (terminate) {
          yield* running.terminate
          assert.isAtLeast((yield* running.exit).killedProcesses!, 8)
        }
        yield* Scope.close(scope, Exit.void)
        yield* until("the end of the tree", SETTLE_MS, () => (tree.every(isGone) ? true : undefined))
      }
    })
  )
})

describe.skipIf(!HAS_SPARES)("a spare sandbox", () => {
  live(
    "does not wait where only one command comes, and is one where many come",
    Effect.gen(function* () {
      const sandbox = yield* SpareSandboxes.make(bubblewrap(), DASH)
      const { run } = yield* commandsOver(sandbox)
      yield* run({ argv: ["true"] })
      yield* Effect.sleep("20 millis")
      assert.deepStrictEqual(sparesOf(process.pid), [])
      yield* Effect.forEach(Array.from({ length: 40 }), () => run({ argv: ["true"] }), { concurrency: 8 })
      yield* until("one spare", SETTLE_MS, () => (sparesOf(process.pid).length === 1 ? true : undefined))
    })
  )

  live(
    "ends when nobody has asked for a while, and comes back",
    Effect.gen(function* () {
      const ways = yield* commandsOver(yield* SpareSandboxes.make(bubblewrap(), DASH, 200))
      for (let i = 0; i < 2; i++) {
        yield* awaitSpare(ways)
        const descriptors = fs.readdirSync("/proc/self/fd").length
        yield* until("the end of the spare", SETTLE_MS, () =>
          sparesOf(process.pid).length === 0 ? true : undefined
        )
        yield* until("fewer descriptors", SETTLE_MS, () =>
          fs.readdirSync("/proc/self/fd").length < descriptors ? true : undefined
        )
      }
    })
  )

  live(
    "ends with its Scope",
    Effect.gen(function* () {
      const descriptors = fs.readdirSync("/proc/self/fd").length
      const scope = yield* Scope.make()
      const sandbox = yield* Scope.provide(SpareSandboxes.make(bubblewrap(), DASH), scope)
      const ways = yield* commandsOver(sandbox)
      yield* awaitSpare(ways)
      const spares = sparesOf(process.pid)
      yield* Scope.close(scope, Exit.void)
      assert.isTrue(spares.every(isGone))
      // nor does one come later
      yield* ways.run({ argv: ["true"] })
      yield* ways.run({ argv: ["true"] })
      yield* Effect.sleep("20 millis")
      assert.deepStrictEqual(sparesOf(process.pid), [])
      yield* until("as before", SETTLE_MS, () =>
        fs.readdirSync("/proc/self/fd").length <= descriptors ? true : undefined
      )
    })
  )

  live(
    "that somebody killed is not used, and none comes after it",
    Effect.gen(function* () {
      for (let i = 0; i < 3; i++) {
        const { run, spares } = yield* Effect.tap(
          Effect.flatMap(SpareSandboxes.make(bubblewrap(), DASH), commandsOver),
          (ways) => awaitSpare(ways)
        )
        const [pid] = sparesOf(process.pid)
        process.kill(pid!, "SIGKILL")
        yield* until("its end", SETTLE_MS, () => (fs.existsSync(`/proc/${pid}`) ? undefined : true))
        const before = spares()
        for (let i = 0; i < 20; i++) assert.deepInclude(yield* run({ argv: ["true"] }), { exitCode: 0 })
        assert.strictEqual(spares(), before)
      }
    })
  )

  live(
    "whose outer half is killed before the inner one would notice ends as a whole",
    Effect.gen(function* () {
      for (let i = 0; i < 10; i++) {
        const { run } = yield* Effect.flatMap(SpareSandboxes.make(bubblewrap(), DASH), commandsOver)
        yield* run({ argv: ["true"] })
        const running = yield* Effect.forkChild(run({ argv: ["sleep", "0.1"] }), { startImmediately: true })
        const spare = yield* Effect.callback<number>((resume) => {
          const look = () => {
            const pid = sparesOf(process.pid).find((pid) => below(pid).length > 1)
            if (pid === undefined) setImmediate(look)
            else resume(Effect.succeed(pid))
          }
          look()
        })
        process.kill(spare, "SIGKILL")
        yield* Fiber.join(running)
        // finds it
        yield* run({ argv: ["true"] })
        yield* until("the end of all of it", SETTLE_MS, () =>
          sparesOf(process.pid).length === 0 ? true : undefined
        )
      }
    })
  )

  live(
    "is never used where it does not work",
    Effect.gen(function* () {
      for (const dash of ["/bin/false", "/bin/cat", "/nonexistent"]) {
        let starts = 0
        const sandbox = bubblewrap()
        const seen: Sandbox["Service"] = {
          confine: (rules, command) => {
            if (command.argv[0] === dash) starts++
            return sandbox.confine(rules, command)
          }
        }
        const { run, spares } = yield* commandsOver(yield* SpareSandboxes.make(seen, dash))
        for (let i = 0; i < 20; i++) assert.deepInclude(yield* run({ argv: ["true"] }), { exitCode: 0 }, dash)
        assert.deepStrictEqual({ spares: spares(), starts }, { spares: 0, starts: 1 })
      }
    })
  )
})

/** A process and all that descends from it. */
const below = (pid: number): ReadonlyArray<number> => {
  const children = fs
    .readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .split(" ")
    .filter(Boolean)
    .map(Number)
  return [pid, ...children.flatMap(below)]
}
