/** The handlers by themselves, through Effect's in-memory RpcTest. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import * as RpcTest from "effect/rpc/RpcTest"
import * as AppServer from "../../src/layers/AppServer.ts"
import * as ServedRpcs from "../../src/services/ServedRpcs.ts"
import { temporaryDirectory } from "../support/harness.ts"
import * as Scripted from "../support/scripted.ts"
import * as ScriptedSpawner from "../support/ScriptedSpawner.ts"

const makeClient = RpcTest.makeClient(ServedRpcs.ServedRpcs, { flatten: true })
type Client = Effect.Success<typeof makeClient>

const withClient = <A, E>(
  test: (client: Client, scripted: ScriptedSpawner.ScriptedSpawner) => Effect.Effect<A, E, Scope.Scope>,
  capabilities: { readonly experimentalApi?: boolean } = { experimentalApi: true },
  configuration?: Parameters<typeof Scripted.services>[1]
) =>
  Effect.suspend(() => {
    const scripted = ScriptedSpawner.make()
    return Effect.gen(function* () {
      const client = yield* makeClient
      yield* client("initialize", { clientInfo: { name: "t", version: "1" }, capabilities })
      return yield* test(client, scripted)
    }).pipe(
      Effect.provide(
        Layer.mergeAll(
          Layer.provide(AppServer.layerHandlers, Scripted.services(scripted, configuration)),
          ServedRpcs.layerMiddleware
        )
      )
    )
  })

const fork = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.forkChild(effect, { startImmediately: true })
const base64 = (text: string) => Buffer.from(text).toString("base64")

describe("command/exec", () => {
  const refusals: ReadonlyArray<readonly [name: string, params: object, code: number, message: string]> = [
    ["an empty command", { command: [] }, -32600, "command must not be empty"],
    [
      "a profile beside a policy",
      { permissionProfile: ":x", sandboxPolicy: { type: "readOnly" } },
      -32600,
      "`permissionProfile` cannot be combined with `sandboxPolicy`"
    ],
    [
      "a size without a terminal",
      { size: { rows: 0, cols: 0 } },
      -32602,
      "command/exec size requires tty: true"
    ],
    [
      "a cap and no cap",
      { outputBytesCap: 1, disableOutputCap: true },
      -32602,
      "command/exec cannot set both outputBytesCap and disableOutputCap"
    ],
    [
      "a timeout and no timeout",
      { timeoutMs: 0, disableTimeout: true },
      -32602,
      "command/exec cannot set both timeoutMs and disableTimeout"
    ],
    [
      "a negative timeout",
      { timeoutMs: -(2n ** 63n) },
      -32602,
      "command/exec timeoutMs must be non-negative, got -9223372036854775808"
    ],
    [
      "an empty size",
      { tty: true, processId: "p", size: { rows: 1, cols: 0 } },
      -32602,
      "command/exec size rows and cols must be greater than 0"
    ],
    [
      "streaming without a process id",
      { streamStdin: true },
      -32600,
      "command/exec tty or streaming requires a client-supplied processId"
    ],
    [
      "an unknown built-in profile",
      { permissionProfile: ":bogus" },
      -32600,
      "invalid permission profile: default_permissions refers to unknown built-in profile `:bogus`"
    ],
    [
      "an unknown named profile",
      { permissionProfile: "mine" },
      -32600,
      "invalid permission profile: default_permissions requires a `[permissions]` table"
    ],
    [
      "what needs a sandbox",
      { sandboxPolicy: { type: "readOnly" } },
      -32603,
      'sandbox unavailable: this server cannot enforce `readOnly`: it was composed without a sandbox; to run commands without a sandbox start the server with -c sandbox_mode=danger-full-access, or send sandboxPolicy {"type":"dangerFullAccess"}'
    ]
  ]
  for (const [name, params, code, message] of refusals) {
    it.effect(`refuses ${name} and starts nothing`, () =>
      withClient((client, scripted) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(client("command/exec", { command: ["program"], ...params }))
          assert.deepInclude(error, { code, message })
          assert.deepStrictEqual(scripted.processes, [])
        })
      )
    )
  }

  it.effect("merges env over the environment of the server", () =>
    withClient((client, scripted) =>
      Effect.gen(function* () {
        const env = { MARK: null, NEVER: null, NEW: "x", EMPTY: "", __proto__: "data" }
        yield* fork(
          client("command/exec", { command: ["program", "a b"], env: { ...env, ["__proto__"]: "data" } })
        )
        const { spec } = scripted.processes[0]!
        assert.deepStrictEqual(spec.argv, ["program", "a b"])
        assert.deepStrictEqual(Object.entries(spec.env).sort(), [
          ["CODEX_APPLY_PATCH_PRESERVE_LINE_ENDINGS", "1"],
          ["EMPTY", ""],
          ["NEW", "x"],
          ["PATH", "/bin"],
          ["__proto__", "data"]
        ])
      })
    )
  )

  it.effect("starts in the directory that was asked for", () =>
    withClient((client, scripted) =>
      Effect.gen(function* () {
        const directories = [undefined, null, "", "sub", "x/../..", "/abs", "~", "~/sub", "~other"]
        for (const cwd of directories) {
          yield* fork(client("command/exec", { command: ["program"], ...(cwd !== undefined && { cwd }) }))
        }
        assert.deepStrictEqual(
          scripted.processes.map((process) => process.spec.cwd),
          ["/srv", "/srv", "/srv", "/srv/sub", "/", "/abs", "/home/tester", "/home/tester/sub", "/srv/~other"]
        )
      })
    )
  )

  it.effect("kills after 10 s unless told otherwise", () =>
    withClient((client) =>
      Effect.gen(function* () {
        const running = yield* fork(client("command/exec", { command: ["program"] }))
        const unlimited = yield* fork(client("command/exec", { command: ["program"], disableTimeout: true }))
        yield* TestClock.adjust("9999 millis")
        assert.isUndefined(running.pollUnsafe())
        yield* TestClock.adjust("1 millis")
        assert.deepInclude(yield* Fiber.join(running), { exitCode: 124 })
        yield* TestClock.adjust("1 hour")
        assert.isUndefined(unlimited.pollUnsafe())
      })
    )
  )

  it.effect("keeps 1 MiB of each stream unless told otherwise", () =>
    withClient((client, scripted) =>
      Effect.gen(function* () {
        const capped = yield* fork(client("command/exec", { command: ["program"] }))
        const exact = yield* fork(client("command/exec", { command: ["program"], outputBytesCap: 5 }))
        const all = yield* fork(client("command/exec", { command: ["program"], disableOutputCap: true }))
        for (const process of scripted.processes) {
          yield* process.writes("x".repeat(1_500_000))
          yield* process.writes("y".repeat(10), "stderr")
          yield* process.finishes()
        }
        const lengths = (result: { readonly stdout: string; readonly stderr: string }) => [
          result.stdout.length,
          result.stderr.length
        ]
        assert.deepStrictEqual(lengths(yield* Fiber.join(capped)), [1_048_576, 10])
        assert.deepStrictEqual(lengths(yield* Fiber.join(exact)), [5, 5])
        assert.deepStrictEqual(lengths(yield* Fiber.join(all)), [1_500_000, 10])
      })
    )
  )

  it.effect("takes output for UTF-8 and never fails on what is not", () =>
    withClient((client, scripted) =>
      Effect.gen(function* () {
        const running = yield* fork(client("command/exec", { command: ["program"] }))
        const process = scripted.processes[0]!
        process.output.push("stdout", Buffer.from("\ufeffbom é\0 \u{1f600}"))
        process.output.push("stderr", Buffer.from([0x63, 0xff, 0xc3]))
        yield* process.finishes()
        assert.deepInclude(yield* Fiber.join(running), {
          stdout: "\ufeffbom é\0 \u{1f600}",
          stderr: "c\ufffd\ufffd"
        })
      })
    )
  )

  it.effect("joins characters that were written in pieces", () =>
    withClient((client, scripted) =>
      Effect.gen(function* () {
        const running = yield* fork(client("command/exec", { command: ["program"] }))
        const process = scripted.processes[0]!
        for (const byte of Buffer.from("你好")) process.output.push("stdout", Uint8Array.of(byte))
        yield* process.finishes()
        assert.strictEqual((yield* Fiber.join(running)).stdout, "你好")
      })
    )
  )

  it.effect("ends the command when the request is interrupted", () =>
    withClient((client, scripted) =>
      Effect.gen(function* () {
        const running = yield* fork(client("command/exec", { command: ["program"] }))
        yield* Fiber.interrupt(running)
        assert.isTrue(scripted.processes[0]!.released)
      })
    )
  )
})

describe("the follow-ups of command/exec", () => {
  it.effect("write, resize and terminate the command that they name", () =>
    withClient((client, scripted) =>
      Effect.gen(function* () {
        const running = yield* fork(
          client("command/exec", { command: ["program"], processId: "p", tty: true })
        )
        const process = scripted.processes[0]!
        assert.deepStrictEqual(
          yield* client("command/exec/write", {
            processId: "p",
            deltaBase64: base64("in"),
            closeStdin: true
          }),
          {}
        )
        yield* client("command/exec/resize", { processId: "p", size: { rows: 2, cols: 3 } })
        assert.deepStrictEqual(process.input, ["in", "<end>"])
        assert.deepStrictEqual(process.sizes, [{ rows: 2, cols: 3 }])
        assert.deepStrictEqual(yield* client("command/exec/terminate", { processId: "p" }), {})
        assert.deepStrictEqual(yield* Fiber.join(running), { exitCode: 1, stdout: "", stderr: "" })
      })
    )
  )

  it.effect("look at their own params before they look for the command", () =>
    withClient((client) =>
      Effect.gen(function* () {
        const message = <A>(
          request: Effect.Effect<A, { readonly code: number | bigint; readonly message: string }>
        ) => Effect.map(Effect.flip(request), ({ code, message }) => [code, message])
        const unknown = [-32600, 'no active command/exec for process id "a\\"b"']
        const processId = 'a"b'
        assert.deepStrictEqual(yield* message(client("command/exec/write", { processId })), [
          -32602,
          "command/exec/write requires deltaBase64 or closeStdin"
        ])
        assert.deepStrictEqual(
          yield* message(client("command/exec/write", { processId, deltaBase64: "!" })),
          [-32602, "invalid deltaBase64: Invalid symbol 33, offset 0."]
        )
        assert.deepStrictEqual(
          yield* message(client("command/exec/write", { processId, closeStdin: true })),
          unknown
        )
        assert.deepStrictEqual(
          yield* message(client("command/exec/resize", { processId, size: { rows: 0, cols: 1 } })),
          [-32602, "command/exec size rows and cols must be greater than 0"]
        )
        assert.deepStrictEqual(
          yield* message(client("command/exec/resize", { processId, size: { rows: 1, cols: 1 } })),
          unknown
        )
        assert.deepStrictEqual(yield* message(client("command/exec/terminate", { processId })), unknown)
      })
    )
  )

  it.effect("say what a command on pipes does not have", () =>
    withClient((client) =>
      Effect.gen(function* () {
        yield* fork(client("command/exec", { command: ["program"], processId: "p" }))
        const write = yield* Effect.flip(client("command/exec/write", { processId: "p", closeStdin: true }))
        assert.strictEqual(write.message, "stdin streaming is not enabled for this command/exec")
        const resize = yield* Effect.flip(
          client("command/exec/resize", { processId: "p", size: { rows: 1, cols: 1 } })
        )
        assert.strictEqual(resize.message, "failed to resize PTY: process is not attached to a PTY")
      })
    )
  )

  it.effect("find nothing when the command is over", () =>
    withClient((client, scripted) =>
      Effect.gen(function* () {
        const running = yield* fork(client("command/exec", { command: ["program"], processId: "p" }))
        yield* scripted.processes[0]!.finishes()
        yield* Fiber.join(running)
        const error = yield* Effect.flip(client("command/exec/terminate", { processId: "p" }))
        assert.strictEqual(error.message, 'no active command/exec for process id "p"')
      })
    )
  )
})

describe("fs/readFile", () => {
  it.effect("gives the content of a regular file", () =>
    withClient((client) =>
      Effect.gen(function* () {
        const file = path.join(yield* temporaryDirectory, "file")
        fs.writeFileSync(file, Buffer.from([0, 255, 1]))
        assert.deepStrictEqual(yield* client("fs/readFile", { path: file }), { dataBase64: "AP8B" })
        assert.isNotEmpty((yield* client("fs/readFile", { path: "/proc/self/status" })).dataBase64)
      })
    )
  )

  const refusals = [
    ["/nonexistent", -32603, "No such file or directory (os error 2)"],
    ["/etc/passwd/x", -32603, "Not a directory (os error 20)"],
    ["/tmp", -32600, "path `/tmp` is not a file"],
    ["/dev/zero", -32600, "path `/dev/zero` is not a file"],
    ["/a\0b", -32600, "file name contained an unexpected NUL byte"]
  ] as const
  for (const [file, code, message] of refusals) {
    it.effect(`refuses ${JSON.stringify(file)}: ${message}`, () =>
      withClient((client) =>
        Effect.gen(function* () {
          assert.deepInclude(yield* Effect.flip(client("fs/readFile", { path: file })), { code, message })
        })
      )
    )
  }
})

describe("fs/writeFile", () => {
  const MODE = 0o777
  const inDirectory = <A, E>(
    test: (
      write: (name: string, text?: string) => ReturnType<typeof writeTo>,
      at: (name: string) => string,
      client: Client
    ) => Effect.Effect<A, E, Scope.Scope>
  ) =>
    withClient((client) =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const at = (name: string) => path.join(directory, name)
        return yield* test((name, text = "text") => writeTo(client, `${directory}/${name}`, text), at, client)
      })
    )
  const writeTo = (client: Client, file: string, text: string) =>
    client("fs/writeFile", { path: file, dataBase64: base64(text) })

  it.effect("makes a file, with the mode that the umask leaves", () =>
    inDirectory((write, at, client) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* write("file"), {})
        assert.strictEqual(fs.readFileSync(at("file"), "utf8"), "text")
        assert.strictEqual(fs.statSync(at("file")).mode & MODE, 0o666 & ~process.umask())
        yield* client("fs/writeFile", { path: at("bytes"), dataBase64: "AP8K" })
        assert.deepStrictEqual([...fs.readFileSync(at("bytes"))], [0, 255, 10])
        yield* write("./none/../file/", "dots are resolved")
        assert.strictEqual(fs.readFileSync(at("file"), "utf8"), "dots are resolved")
      })
    )
  )

  it.effect("replaces the content of a file in place: its mode and its links stay", () =>
    inDirectory((write, at) =>
      Effect.gen(function* () {
        fs.writeFileSync(at("file"), "long content", { mode: 0o640 })
        fs.linkSync(at("file"), at("hard"))
        fs.symlinkSync("file", at("soft"))
        fs.symlinkSync("made", at("dangling"))
        const { ino } = fs.statSync(at("file"))
        for (const name of ["file", "hard", "soft"]) {
          yield* write(name, name)
          assert.strictEqual(fs.readFileSync(at("file"), "utf8"), name)
        }
        assert.deepInclude(fs.statSync(at("file")), { ino, nlink: 2 })
        assert.strictEqual(fs.statSync(at("file")).mode & MODE, 0o640)
        assert.isTrue(fs.lstatSync(at("soft")).isSymbolicLink())
        yield* write("dangling")
        assert.strictEqual(fs.readFileSync(at("made"), "utf8"), "text")
        yield* write("file", "")
        assert.strictEqual(fs.statSync(at("file")).size, 0)
      })
    )
  )

  it.effect("refuses what it cannot write, and makes no directories", () =>
    inDirectory((write, at, client) =>
      Effect.gen(function* () {
        fs.symlinkSync("loop", at("loop"))
        execFileSync("mkfifo", [at("pipe")])
        const cases = [
          ["none/file", -32603, "No such file or directory (os error 2)"],
          ["", -32603, "Is a directory (os error 21)"],
          ["loop", -32603, "Symbolic link loop (os error 40)"],
          ["x".repeat(300), -32603, "Filename too long (os error 36)"],
          ["a\0b", -32600, "file name contained an unexpected NUL byte"],
          ["pipe", -32600, `path \`${at("pipe")}\` is not a file`]
        ] as const
        for (const [name, code, message] of cases) {
          assert.deepInclude(yield* Effect.flip(write(name)), { code, message })
        }
        for (const dataBase64 of ["!!", "YQ", "YQ==\n"]) {
          const error = yield* Effect.flip(client("fs/writeFile", { path: at("a\0b"), dataBase64 }))
          assert.strictEqual(error.code, -32600)
          assert.match(error.message, /^fs\/writeFile requires valid base64 dataBase64: Invalid /)
        }
        const device = yield* Effect.flip(writeTo(client, "/dev/full", "text"))
        assert.deepInclude(device, { code: -32603, message: "No space left on device (os error 28)" })
        assert.deepStrictEqual(yield* writeTo(client, "/dev/null", "text"), {})
        const proc = yield* Effect.flip(writeTo(client, "/proc/self/oom_score_adj", "text"))
        assert.deepInclude(proc, { code: -32600, message: "Invalid argument (os error 22)" })
        assert.deepStrictEqual(fs.readdirSync(at("")).sort(), ["loop", "pipe"])
      })
    )
  )

  it.effect("and fs/readFile of one file take turns", () =>
    inDirectory((write, at, client) =>
      Effect.gen(function* () {
        const sizes = [200_000, 1, 100_000, 0, 300_000, 2]
        const read = Effect.map(client("fs/readFile", { path: at("./file") }), ({ dataBase64 }) =>
          Buffer.from(dataBase64, "base64").toString()
        )
        const seen = yield* Effect.forEach(
          sizes.flatMap((size, i) => [Effect.as(write("file", `${i}`.repeat(size)), undefined), read]),
          (turn) => turn,
          { concurrency: "unbounded" }
        )
        const texts = seen.filter((text) => text !== undefined)
        assert.deepStrictEqual(
          texts,
          sizes.map((size, i) => `${i}`.repeat(size))
        )
      })
    )
  )
})

describe("the experimental gate", () => {
  it.effect("is closed to connections that did not ask", () =>
    withClient(
      (client) =>
        Effect.gen(function* () {
          const method = yield* Effect.flip(client("mock/experimentalMethod", { value: "x" }))
          assert.strictEqual(method.message, "mock/experimentalMethod requires experimentalApi capability")
          const field = yield* Effect.flip(
            client("command/exec", { command: ["x"], permissionProfile: ":workspace" })
          )
          assert.strictEqual(
            field.message,
            "command/exec.permissionProfile requires experimentalApi capability"
          )
        }),
      {}
    )
  )

  it.effect("does not mind experimental fields that are null", () =>
    withClient(
      (client, scripted) =>
        Effect.gen(function* () {
          yield* fork(client("command/exec", { command: ["program"], permissionProfile: null }))
          assert.strictEqual(scripted.processes.length, 1)
        }),
      {}
    )
  )
})
