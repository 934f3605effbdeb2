/** The program as it is started and stopped: words, streams, exit codes, signals. */
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { conversation, runMain, startServer, temporaryDirectory } from "../support/harness.ts"

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

  it.live("logs on stderr what it is told to, as it is told to", () =>
    Effect.gen(function* () {
      const home = yield* temporaryDirectory
      fs.writeFileSync(path.join(home, "config.toml"), "sandbox_mode = 1\n")
      const log = (...words: ReadonlyArray<string>) =>
        Effect.map(runMain(words, { CODEX_HOME: home }), ({ code, stderr, stdout }) => {
          assert.deepStrictEqual({ code, stdout }, { code: 0, stdout: "" })
          return stderr.split("\n").filter((line) => line.includes("Invalid configuration"))
        })
      for (const words of [[], ["--log-level", "error", "--log-format", "logfmt"]]) {
        const lines = yield* log(...words)
        assert.strictEqual(lines.length, 1)
        assert.match(
          lines[0]!,
          /^timestamp=\S+ level=ERROR fiber=\S+ message="Invalid configuration; using defaults\. /
        )
      }
      const [json] = yield* log("--log-format=json")
      assert.deepInclude(JSON.parse(json!), { level: "ERROR" })
      assert.deepStrictEqual(yield* log("--log-level=off"), [])
      const { stderr } = yield* runMain(["--log-level=debug"], { CODEX_HOME: home })
      assert.match(
        stderr,
        /level=DEBUG .*message="client 1 has connected"\n[^]*level=DEBUG .*message="client 1 is gone"/
      )
    })
  )

  it.live("has a help and a version, on stdout", () =>
    Effect.gen(function* () {
      const help = yield* runMain(["--help"])
      assert.deepInclude(help, { code: 0, stderr: "" })
      assert.match(help.stdout, /^Runs commands .*\n\nUsage: /)
      assert.isBelow(Math.max(...help.stdout.split("\n").map((line) => line.length)), 121)
      const version = yield* runMain(["--version"])
      assert.deepInclude(version, { code: 0, stderr: "" })
      assert.match(version.stdout, /^effect-app-server \d+\.\d+\.\d+\n$/)
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
})
