/** The extension `effect-app-server/exec`: the truth about how a command or a process ended, for those who ask. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { connect, startServer, until, type TestClient } from "../support/harness.ts"

const EXTENDED = { extensions: { "effect-app-server/exec": {} } }
const sh = (script: string) => ["sh", "-c", script]

const run = (client: TestClient, params: object) =>
  Effect.map(client.request("command/exec", params), ({ result }) => result)

describe("with the extension", () => {
  it.live("an answer tells signals, truncation and drain, beside what Codex tells", () =>
    Effect.gen(function* () {
      const server = yield* startServer()
      const client = yield* connect(server.url)
      yield* client.initialize(EXTENDED)

      const command = sh("head -c 100 /dev/zero | tr '\\0' x; printf abc >&2")
      const { durationMs, ...capped } = yield* run(client, { command, outputBytesCap: 10 })
      assert.isAtLeast(durationMs, 0)
      assert.deepStrictEqual(capped, {
        exitCode: 0,
        stdout: "x".repeat(10),
        stderr: "abc",
        signal: null,
        timedOut: false,
        stdoutTruncatedBytes: 90,
        stderrTruncatedBytes: 0,
        drainTimedOut: false
      })

      const killed = yield* run(client, { command: sh("kill -15 $$"), tty: true, processId: "t" })
      assert.deepInclude(killed, { exitCode: 1, signal: "SIGTERM", timedOut: false })

      const itself = yield* run(client, { command: sh("exit 124") })
      assert.deepInclude(itself, { exitCode: 124, signal: null, timedOut: false })

      const held = yield* run(client, { command: sh("setsid sleep 5 & exit 7") })
      assert.deepInclude(held, { exitCode: 7, drainTimedOut: true })
    })
  )

  it.live("a timeout and a termination tell how many processes were killed", () =>
    Effect.gen(function* () {
      const server = yield* startServer()
      const client = yield* connect(server.url)
      yield* client.initialize(EXTENDED)
      const command = sh("sleep 600 & setsid sleep 600 & echo up; sleep 600")

      const timedOut = yield* run(client, { command, timeoutMs: 500 })
      assert.deepInclude(timedOut, { exitCode: 124, signal: "SIGKILL", timedOut: true, killedProcesses: 4 })

      yield* client.send({
        id: 1,
        method: "command/exec",
        params: { command, processId: "p", streamStdoutStderr: true, disableTimeout: true }
      })
      yield* client.notification("command/exec/outputDelta")
      yield* client.request("command/exec/terminate", { processId: "p" })
      const { result } = yield* client.response(1)
      assert.deepInclude(result, { exitCode: 137, signal: "SIGKILL", timedOut: false })
      assert.include([3, 4], result.killedProcesses, "the last sleep may not have started")
    })
  )
})

describe("with the extension, process/exited", () => {
  const EXPERIMENTAL = { experimentalApi: true, ...EXTENDED }
  const joined = Effect.gen(function* () {
    const server = yield* startServer()
    const client = yield* connect(server.url)
    yield* client.initialize(EXPERIMENTAL)
    return client
  })
  const spawn = (client: TestClient, params: object) =>
    client.request("process/spawn", { processHandle: "h", cwd: "/", timeoutMs: null, ...params })
  const exited = (client: TestClient) =>
    Effect.map(client.notification("process/exited"), ({ params }) => params)

  it.live("tells signals and truncation, beside what Codex tells", () =>
    Effect.gen(function* () {
      const client = yield* joined
      const command = sh("head -c 100 /dev/zero | tr '\\0' x; printf abc >&2")
      yield* spawn(client, { command, outputBytesCap: 10 })
      const { durationMs, ...capped } = yield* exited(client)
      assert.isAtLeast(durationMs, 0)
      assert.deepStrictEqual(capped, {
        processHandle: "h",
        exitCode: 0,
        outputDrainTimedOut: false,
        stdout: "x".repeat(10),
        stdoutCapReached: true,
        stderr: "abc",
        stderrCapReached: false,
        signal: null,
        timedOut: false,
        stdoutTruncatedBytes: 90,
        stderrTruncatedBytes: 0
      })
      yield* spawn(client, { command: sh("kill -15 $$"), tty: true })
      assert.deepInclude(yield* exited(client), { exitCode: 1, signal: "SIGTERM", timedOut: false })
    })
  )

  it.live("tells after a timeout and a kill how many processes there were", () =>
    Effect.gen(function* () {
      const client = yield* joined
      yield* spawn(client, { command: sh("sleep 600 & setsid sleep 600 & sleep 600"), timeoutMs: 500 })
      const timedOut = { exitCode: 124, signal: "SIGKILL", timedOut: true, killedProcesses: 4 }
      assert.deepInclude(yield* exited(client), timedOut)
      const command = sh("sleep 600 & setsid sleep 600 & echo up; wait")
      yield* spawn(client, { command, streamStdoutStderr: true })
      yield* client.notification("process/outputDelta")
      yield* client.request("process/kill", { processHandle: "h" })
      const killed = { exitCode: 137, signal: "SIGKILL", timedOut: false, killedProcesses: 3 }
      assert.deepInclude(yield* exited(client), killed)
    })
  )
})

describe("without the extension", () => {
  it.live("the answer is exactly Codex's, also beside a client that has it", () =>
    Effect.gen(function* () {
      const server = yield* startServer()
      const extended = yield* connect(server.url)
      yield* extended.initialize(EXTENDED)
      const client = yield* connect(server.url)
      yield* client.initialize({ extensions: { "another/extension": {} } })
      const command = sh("exit 3")
      assert.deepStrictEqual(yield* run(client, { command }), { exitCode: 3, stdout: "", stderr: "" })
      assert.containsAllKeys(yield* run(extended, { command }), ["durationMs", "signal"])
      yield* until("no delta", 1000, () => (client.inbox.length === 0 ? true : undefined))
    })
  )
})
