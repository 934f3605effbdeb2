/** The extension `effect-app-server/exec`: the truth about how a command ended, for those who ask. */
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
