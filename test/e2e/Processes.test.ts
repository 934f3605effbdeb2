/** `process/*` with real processes over real sockets: what they write, how they end, and who ends with them. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { connect, conversation, startServer, type Message, type TestClient } from "../support/harness.ts"
import * as Trees from "../support/trees.ts"

/** When a killed process' tree is gone, and that of a connection. */
const KILLED_MS = 1000
const CLOSED_MS = 2000

const sh = (script: string) => ["sh", "-c", script]

const spawn = (client: TestClient, params: object) =>
  client.request("process/spawn", { processHandle: "h", cwd: "/", timeoutMs: null, ...params })

/** Starts a process, follows it to its end, and gives what came of it. */
const run = Effect.fnUntraced(function* (client: TestClient, params: object) {
  assert.deepStrictEqual((yield* spawn(client, params)).result, {})
  return yield* ending(client)
})

/** What is streamed from now on, in one piece for each stream, and the end. */
const ending = Effect.fnUntraced(function* (client: TestClient) {
  const streamed: Record<string, Array<Buffer>> = { stdout: [], stderr: [] }
  for (;;) {
    const { method, params }: Message = yield* client.next
    if (method === "process/exited") {
      const [stdout, stderr] = ["stdout", "stderr"].map((name) => Buffer.concat(streamed[name]!).toString())
      return { streamed: { stdout, stderr }, exited: params }
    }
    assert.strictEqual(method, "process/outputDelta")
    streamed[params.stream]!.push(Buffer.from(params.deltaBase64, "base64"))
  }
})

const exited = (params: object = {}) => ({
  processHandle: "h",
  exitCode: 0,
  outputDrainTimedOut: false,
  stdout: "",
  stdoutCapReached: false,
  stderr: "",
  stderrCapReached: false,
  ...params
})

describe("a process", () => {
  it.live("is told to its end with what it wrote, and is not confined by the server's policy", () =>
    Effect.gen(function* () {
      const { client, server } = yield* conversation({ config: 'sandbox_mode = "read-only"\n' })
      const command = sh("echo out; echo err >&2; echo x >file && cat file; env | grep ^CODEX_; exit 7")
      const { exited: end } = yield* run(client, { command, cwd: server.cwd })
      const stdout = `out\nx\nCODEX_HOME=${server.codexHome}\n`
      assert.deepStrictEqual(end, exited({ exitCode: 7, stdout, stderr: "err\n" }))
      yield* client.silence
    })
  )

  it.live("streams what it writes, to the byte, against a client that is slower", () =>
    Effect.gen(function* () {
      const { client } = yield* conversation()
      const lines = 200_000
      const command = sh(`seq ${lines}; echo err >&2`)
      client.webSocket.pause()
      yield* Effect.delay(
        Effect.sync(() => client.webSocket.resume()),
        300
      ).pipe(Effect.forkChild)
      const end = yield* run(client, { command, streamStdoutStderr: true, outputBytesCap: null })
      assert.deepStrictEqual(end.exited, exited())
      assert.strictEqual(end.streamed.stderr, "err\n")
      assert.strictEqual(end.streamed.stdout, Array.from({ length: lines }, (_, i) => `${i + 1}\n`).join(""))
    })
  )

  it.live("reads what it is sent, on pipes and on a terminal", () =>
    Effect.gen(function* () {
      const { client } = yield* conversation()
      const write = (text: string, closeStdin: boolean) =>
        client.request("process/writeStdin", {
          processHandle: "h",
          deltaBase64: Buffer.from(text).toString("base64"),
          closeStdin
        })
      yield* spawn(client, { command: ["cat"], streamStdin: true })
      yield* write("hello ", false)
      yield* write("world", true)
      assert.deepStrictEqual((yield* ending(client)).exited, exited({ stdout: "hello world" }))

      const command = sh("stty -echo; stty size; read line; stty size; echo $line; kill $$")
      yield* spawn(client, { command, tty: true, size: { rows: 7, cols: 9 } })
      const { params } = yield* client.notification("process/outputDelta")
      assert.strictEqual(Buffer.from(params.deltaBase64, "base64").toString(), "7 9\r\n")
      const size = { rows: 8, cols: 10 }
      const resized = yield* client.request("process/resizePty", { processHandle: "h", size })
      assert.deepStrictEqual(resized.result, {})
      yield* write("typed\n", false)
      const { exited: end, streamed } = yield* ending(client)
      assert.strictEqual(streamed.stdout, "8 10\r\ntyped\r\n")
      assert.deepStrictEqual(end, exited({ exitCode: 1 }))
    })
  )

  it.live("is known by its handle to its own connection, and to no command", () =>
    Effect.gen(function* () {
      const { client: a, server } = yield* conversation()
      const b = yield* connect(server.url)
      yield* b.initialize()
      const command = ["sleep", "600"]
      yield* a.send({ id: "exec", method: "command/exec", params: { command, processId: "h" } })
      yield* spawn(a, { command })
      yield* spawn(b, { command })
      const kill = (client: TestClient) => client.request("process/kill", { processHandle: "h" })
      assert.deepStrictEqual((yield* kill(a)).result, {})
      assert.deepStrictEqual((yield* ending(a)).exited, exited({ exitCode: 137 }))
      assert.strictEqual((yield* kill(a)).error?.message, 'no active process for process handle "h"')
      assert.deepStrictEqual(b.inbox, [])
      yield* kill(b)
      assert.deepStrictEqual((yield* ending(b)).exited, exited({ exitCode: 137 }))
      yield* a.request("command/exec/terminate", { processId: "h" })
      assert.strictEqual((yield* a.response("exec")).result.exitCode, 137)
      assert.deepStrictEqual((yield* run(a, { command: ["true"] })).exited, exited())
    })
  )

  it.live("ends when its time is over", () =>
    Effect.gen(function* () {
      const { client } = yield* conversation()
      const { exited: end } = yield* run(client, {
        command: sh("setsid sleep 600 & sleep 600"),
        timeoutMs: 200
      })
      assert.deepStrictEqual(end, exited({ exitCode: 124 }))
    })
  )
})

describe("the tree of a process", () => {
  const OPTIONS = Trees.options(Trees.TREES / 2)
  const grow = Effect.fnUntraced(function* (client: TestClient, tree: Trees.Tree, params: object) {
    const planted = yield* Trees.plant(tree)
    assert.deepStrictEqual((yield* spawn(client, { command: planted.command, ...params })).result, {})
    yield* Trees.awaitUp(planted)
    return planted
  })

  for (const [io, params, exitCode] of [
    ["pipes", { streamStdoutStderr: true }, 137],
    ["a terminal", { tty: true }, 1]
  ] as const) {
    it.live.prop(
      `ends on ${io} when it is killed or its connection ends, and no other one does`,
      { tree: Trees.Tree },
      ({ tree }) =>
        Effect.gen(function* () {
          const server = yield* startServer()
          const join = Effect.tap(connect(server.url), (client) => client.initialize())
          const [a, b] = [yield* join, yield* join]
          const other = yield* grow(a, tree, params)
          const killed = yield* grow(b, tree, params)
          yield* b.request("process/kill", { processHandle: "h" })
          yield* Trees.gone([killed], KILLED_MS)
          assert.deepInclude((yield* ending(b)).exited, { exitCode, outputDrainTimedOut: false })
          const closed = yield* grow(b, tree, params)
          b.webSocket.close()
          yield* Trees.gone([closed], CLOSED_MS)
          yield* Trees.runsOn(other)
        }),
      OPTIONS
    )
  }
})
