/** Commands that cannot start say why, at once, and leave nothing; those that can say exactly how they ended. */
import * as ChildProcess from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { conversation, until, type TestClient, type TestServer } from "../support/harness.ts"
import { argumentsOf, childrenOf, pids } from "../support/trees.ts"

/** The promise is 50 ms, on a machine that does nothing else. */
const FAILURE_MS = 500
const SETTLE_MS = 2000

const IO = [
  ["pipes", { streamStdoutStderr: true }],
  ["a terminal", { tty: true }]
] as const

const ENOENT = "No such file or directory (os error 2)"
const EACCES = "Permission denied (os error 13)"
const ENOEXEC = "Exec format error (os error 8)"
const E2BIG = "Argument list too long (os error 7)"
const ENOTDIR = "Not a directory (os error 20)"
const EMFILE = /^failed to spawn command: .*\(os error 24\)$/

/** More than the kernel takes in all, though each argument is short enough. */
const MANY_ARGUMENTS = Array.from({ length: 40 }, () => "x".repeat(100_000))
const LONG_ARGUMENT = "x".repeat(200_000)

/** Cannot be started, in a directory with `text`, `plain`, `empty` and `gone`, a script without its shell. */
const FAILURES: ReadonlyArray<
  readonly [what: string, params: (directory: string) => object, message: string]
> = [
  ["a program that is in no directory of PATH", () => ({ command: ["no-such-program"] }), ENOENT],
  ["a path where nothing is", () => ({ command: ["/nonexistent/program"] }), ENOENT],
  ["a script whose shell is not there", (at) => ({ command: [`${at}/gone`] }), ENOENT],
  ["a path through a file", (at) => ({ command: [`${at}/plain/x`] }), ENOTDIR],
  ["a file that is not executable", (at) => ({ command: [`${at}/plain`] }), EACCES],
  ["a directory", (at) => ({ command: [at] }), EACCES],
  ["text without a shell", (at) => ({ command: [`${at}/text`] }), ENOEXEC],
  ["an empty program", (at) => ({ command: [`${at}/empty`] }), ENOEXEC],
  ["a long argument", () => ({ command: ["echo", LONG_ARGUMENT] }), E2BIG],
  ["too many arguments", () => ({ command: ["echo", ...MANY_ARGUMENTS] }), E2BIG],
  ["a long variable", () => ({ command: ["true"], env: { X: LONG_ARGUMENT } }), E2BIG],
  ["a directory that is not there", () => ({ command: ["true"], cwd: "/nonexistent" }), ENOENT],
  ["a file as its directory", (at) => ({ command: ["true"], cwd: `${at}/plain` }), ENOTDIR]
]

const fixtures = ({ cwd }: TestServer): string => {
  for (const [name, text, mode] of [
    ["plain", "x", 0o644],
    ["text", "exit 0\n", 0o755],
    ["empty", "", 0o755],
    ["gone", "#!/nonexistent/shell\n", 0o755]
  ] as const) {
    fs.writeFileSync(path.join(cwd, name), text, { mode })
  }
  return cwd
}

/** Descriptors and children. */
const holdings = ({ pid }: TestServer) => ({
  descriptors: fs.readdirSync(`/proc/${pid}/fd`).length,
  children: childrenOf(pid).length
})
const holdsOnly = (server: TestServer, before: ReturnType<typeof holdings>, when?: string) =>
  until("as before", SETTLE_MS, () =>
    JSON.stringify(holdings(server)) === JSON.stringify(before) ? true : undefined
  ).pipe(
    // says what is left over
    Effect.catch(() => Effect.sync(() => assert.deepStrictEqual(holdings(server), before, when)))
  )

let markers = 0
/** Ends what was left running by mistake. */
const endSleepers = (seconds: string) => {
  for (const pid of pids()) if (argumentsOf(pid)[1] === seconds) process.kill(pid, "SIGKILL")
}

const exec = (client: TestClient, params: object) =>
  client.request("command/exec", { processId: "p", ...params })

/** Starts one of each, so that what is loaded on first use is there, and gives what the server holds then. */
const warmUp = Effect.fnUntraced(function* (client: TestClient, server: TestServer) {
  // waits for the check of the sandbox, whatever comes of it
  yield* exec(client, { command: ["true"], sandboxPolicy: { type: "readOnly" } })
  for (const [, params] of IO) {
    assert.deepInclude((yield* exec(client, { command: ["true"], ...params })).result, { exitCode: 0 })
  }
  client.inbox.length = 0
  let last = holdings(server)
  // a terminal's end is told before all of it is closed
  return yield* until("a server at rest", SETTLE_MS, () => {
    const now = holdings(server)
    const same = JSON.stringify(now) === JSON.stringify(last)
    last = now
    // the watchdog is the one child that stays
    return same && now.children === 1 ? now : undefined
  })
})

for (const [name, io] of IO) {
  describe(`a command on ${name} that cannot start`, () => {
    for (const [what, params, message] of FAILURES) {
      it.live(`because of ${what} is refused at once and leaves nothing`, () =>
        Effect.gen(function* () {
          const { client, server } = yield* conversation()
          const directory = fixtures(server)
          const before = yield* warmUp(client, server)
          const start = performance.now()
          const answer = yield* exec(client, { ...io, ...params(directory) })
          const milliseconds = performance.now() - start
          assert.deepStrictEqual(answer.error, {
            code: -32603,
            message: `failed to spawn command: ${message}`
          })
          assert.isBelow(milliseconds, FAILURE_MS)
          yield* holdsOnly(server, before)
          // the process id is free again, and nothing came of the other one
          const { result } = yield* exec(client, { ...io, command: ["true"] })
          assert.strictEqual(result?.exitCode, 0)
          assert.deepStrictEqual(client.inbox, [])
        })
      )
    }

    it.live("because descriptors run out is refused at whatever descriptor is one too many", () =>
      Effect.gen(function* () {
        const { client, server } = yield* conversation()
        const before = yield* warmUp(client, server)
        const limit = (descriptors: number | string) =>
          ChildProcess.execFileSync("prlimit", ["--pid", `${server.pid}`, `--nofile=${descriptors}:`])
        // holes count: the next descriptor is the lowest that is free
        const lowest = Math.min(
          ...Array.from({ length: before.descriptors + 1 }, (_, fd) => fd).filter(
            (fd) => !fs.existsSync(`/proc/${server.pid}/fd/${fd}`)
          )
        )
        const started: Array<boolean> = []
        const seconds = `63${process.pid}.${++markers}`
        yield* Effect.addFinalizer(() => Effect.sync(() => endSleepers(seconds)))
        for (let extra = 0; extra < 16; extra++) {
          limit(lowest + extra)
          const params = { command: ["sleep", seconds], processId: "p", disableTimeout: true, ...io }
          const start = performance.now()
          yield* client.send({ id: extra, method: "command/exec", params })
          // waits for the start, and ends what started
          const { error: none } = yield* client.request("command/exec/terminate", { processId: "p" })
          assert.isBelow(performance.now() - start, FAILURE_MS)
          const { error, result } = yield* client.response(extra)
          const shown = `${extra} more descriptors than none: ${JSON.stringify({ error, result, none })}`
          assert.strictEqual(error?.code, none === undefined ? undefined : -32603, shown)
          if (error !== undefined) assert.match(error.message, EMFILE, shown)
          else assert.strictEqual(result.exitCode, name === "pipes" ? 137 : 1, shown)
          started.push(error === undefined)
          yield* holdsOnly(server, before, shown)
        }
        assert.isFalse(started[0])
        assert.isTrue(started.at(-1))
        limit(1024)
        assert.strictEqual((yield* exec(client, { ...io, command: ["true"] })).result?.exitCode, 0)
      })
    )
  })
}

describe("a command on pipes that ends", () => {
  it.live("gives each of the 256 exit codes as it is", () =>
    Effect.gen(function* () {
      const { client } = yield* conversation()
      yield* Effect.forEach(
        Array.from({ length: 256 }, (_, code) => code),
        (code) =>
          Effect.map(
            client.request("command/exec", { command: ["sh", "-c", `exit ${code}`] }),
            ({ result }) => assert.deepStrictEqual(result, { exitCode: code, stdout: "", stderr: "" })
          ),
        { concurrency: 8, discard: true }
      )
    })
  )

  /** These do not kill: CHLD, CONT, STOP, TSTP, TTIN, TTOU, URG, WINCH. */
  const HARMLESS = new Set([17, 18, 19, 20, 21, 22, 23, 28])
  const signals = Array.from({ length: 31 }, (_, n) => n + 1).filter((n) => !HARMLESS.has(n))
  it.live("gives 128 + n for each signal n that kills", () =>
    Effect.gen(function* () {
      const { client } = yield* conversation()
      for (const signal of signals) {
        const script = `ulimit -c 0; kill -${signal} $$; exit 77`
        const { result } = yield* client.request("command/exec", { command: ["sh", "-c", script] })
        assert.deepStrictEqual(result, { exitCode: 128 + signal, stdout: "", stderr: "" })
      }
    })
  )
})
