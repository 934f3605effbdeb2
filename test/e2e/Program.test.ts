/** The program as it is started and stopped: words, streams, exit codes, signals. */
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { conversation, runMain, startServer, temporaryDirectory, until } from "../support/harness.ts"

const pidsOf = (marker: string) =>
  fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0").includes(marker)
      } catch {
        return false
      }
    })
const none = (marker: string) =>
  until(`the end of ${marker}`, 2000, () => (pidsOf(marker).length === 0 ? true : undefined))
const some = (marker: string, count: number) =>
  until(`${count} of ${marker}`, 5000, () => (pidsOf(marker).length === count ? true : undefined))

let markers = 0
const marker = () => `61${process.pid}.${++markers}`

describe("the program", () => {
  it.live("prints its banner on stderr, with the real port, and nothing on stdout", () =>
    Effect.gen(function* () {
      const server = yield* startServer()
      assert.match(
        server.stderr(),
        /(^|\n)effect-app-server \(WebSockets\)\n {2}listening on: ws:\/\/127\.0\.0\.1:[1-9]\d*\n {2}readyz: http:\/\/127\.0\.0\.1:\d+\/readyz\n {2}healthz: http:\/\/127\.0\.0\.1:\d+\/healthz\n {2}note: .*\n$/
      )
      assert.strictEqual(server.stdout(), "")
    })
  )

  it.live("listens on IPv6, too", () =>
    Effect.gen(function* () {
      const server = yield* startServer({ args: [] })
      assert.match(server.url, /^ws:/)
      const { stderr } = yield* runMain(["--listen", "ws://[::1]:70000"])
      assert.include(stderr, "invalid websocket --listen URL `ws://[::1]:70000`")
    })
  )

  const refusals: ReadonlyArray<readonly [words: ReadonlyArray<string>, code: number, stderr: RegExp]> = [
    [
      ["--bogus"],
      2,
      /^error: unexpected argument '--bogus' found\n\nUsage: .*\n\nFor more information, try '--help'\.\n$/
    ],
    [
      ["--listen", "foo://x"],
      2,
      /^error: invalid value 'foo:\/\/x' for '--listen <URL>': unsupported --listen URL `foo:\/\/x`; expected `stdio:\/\/`, `unix:\/\/`, `unix:\/\/PATH`, `ws:\/\/IP:PORT`, or `off`\n\n/
    ],
    [
      ["--listen", "ws://localhost:1"],
      2,
      /invalid websocket --listen URL `ws:\/\/localhost:1`; expected `ws:\/\/IP:PORT`/
    ],
    [
      ["--listen", "ws://0.0.0.0:4699"],
      1,
      /^Error: refusing to start non-loopback websocket listener 0\.0\.0\.0:4699 without auth; configure/
    ],
    [["--listen", "off"], 1, /^Error: no transport configured; use --listen/],
    [[], 1, /^Error: .*--listen/],
    [
      ["--listen", "ws://127.0.0.1:0", "-c", "novalue"],
      1,
      /^Error: error parsing -c overrides: Invalid override \(missing '='\): novalue\n$/
    ],
    [["--listen", "ws://127.0.0.1:0", "-c", "sandbox_mode=bogus"], 1, /^Error: .*unknown variant `bogus`/]
  ]
  for (const [words, code, stderr] of refusals) {
    it.live(`refuses ${JSON.stringify(words)} with exit code ${code}, on stderr alone`, () =>
      Effect.gen(function* () {
        const result = yield* runMain(words)
        assert.strictEqual(result.code, code)
        assert.match(result.stderr, stderr)
        assert.strictEqual(result.stdout, "")
      })
    )
  }

  it.live("refuses a CODEX_HOME that is not there", () =>
    Effect.gen(function* () {
      const result = yield* runMain(["--listen", "ws://127.0.0.1:0"], { CODEX_HOME: "/nonexistent" })
      assert.deepInclude(result, { code: 1, stdout: "" })
      assert.include(
        result.stderr,
        'Error: CODEX_HOME points to "/nonexistent", but that path does not exist'
      )
    })
  )

  it.live("refuses a port that is taken", () =>
    Effect.gen(function* () {
      const server = yield* startServer()
      const result = yield* runMain(["--listen", server.url])
      assert.deepInclude(result, { code: 1, stdout: "", stderr: "Error: Address in use (os error 98)\n" })
    })
  )

  it.live("writes the schemas of the contract", () =>
    Effect.gen(function* () {
      const out = path.join(yield* temporaryDirectory, "out")
      assert.deepInclude(yield* runMain(["generate-json-schema", "--out", out, "--experimental"]), {
        code: 0
      })
      const generated = fs.readFileSync(path.join(out, "v2/CommandExecParams.json"), "utf8")
      const committed = path.join(import.meta.dirname, "../../schema/json/v2/CommandExecParams.json")
      assert.strictEqual(generated, fs.readFileSync(committed, "utf8"))
      assert.deepInclude(yield* runMain(["generate-ts", "--out", out]), { code: 0 })
      assert.isTrue(fs.existsSync(path.join(out, "v2/CommandExecParams.ts")))
      assert.isFalse(fs.existsSync(path.join(out, "v2/ProcessSpawnParams.ts")))
    })
  )

  it.live("goes by -c over the file", () =>
    Effect.gen(function* () {
      const { client } = yield* conversation({
        config: 'model = "of-the-file"\n',
        args: ["-c", "sandbox_mode=danger-full-access", "-c", "model=of-the-flag"]
      })
      assert.strictEqual((yield* client.request("config/read", {})).result.config.model, "of-the-flag")
      const answer = yield* client.request("command/exec", { command: ["echo", "runs"] })
      assert.strictEqual(answer.result.stdout, "runs\n")
    })
  )

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it.live(`ends with code 0 on ${signal}, and all commands with it`, () =>
      Effect.gen(function* () {
        const { client, server } = yield* conversation()
        const mine = marker()
        const command = ["sh", "-c", `trap '' TERM HUP INT; sleep ${mine} & sleep ${mine}`]
        yield* client.send({ id: 1, method: "command/exec", params: { command, disableTimeout: true } })
        yield* client.send({
          id: 2,
          method: "command/exec",
          params: { command, disableTimeout: true, tty: true, processId: "t" }
        })
        yield* some(mine, 4)
        yield* server.signal(signal)
        assert.strictEqual(yield* server.exited, 0)
        yield* none(mine)
        assert.strictEqual(yield* client.close, 1001)
      })
    )
  }

  it.live("leaves nothing running when a client disconnects in the middle", () =>
    Effect.gen(function* () {
      const { client } = yield* conversation()
      const mine = marker()
      const command = ["sh", "-c", `trap '' TERM HUP; sleep ${mine} & sleep ${mine}`]
      for (const params of [
        { command, disableTimeout: true },
        { command, disableTimeout: true, processId: "s", streamStdin: true, streamStdoutStderr: true },
        { command, disableTimeout: true, processId: "t", tty: true }
      ]) {
        yield* client.send({ id: JSON.stringify(params), method: "command/exec", params })
      }
      yield* some(mine, 6)
      // megabytes that nobody reads must not hold the end up
      const deltaBase64 = Buffer.alloc(3_000_000, "x").toString("base64")
      for (const id of ["s", "t"]) {
        yield* client.send({ id, method: "command/exec/write", params: { processId: id, deltaBase64 } })
      }
      client.webSocket.terminate()
      yield* none(mine)
    })
  )
})
