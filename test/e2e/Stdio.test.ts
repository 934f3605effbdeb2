/** What is stdio's own: what the streams may be, what is on them, and how they end. */
import * as ChildProcess from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as pty from "node-pty"
import { MAIN, temporaryDirectory, until, type Message } from "../support/harness.ts"
import { marker, none, some } from "../support/marked.ts"
import { TRANSPORTS, talk } from "../support/transports.ts"

const stdio = TRANSPORTS.find(({ name }) => name === "stdio")!

const line = (message: object) => `${JSON.stringify(message)}\n`
const INITIALIZE = line({
  id: 0,
  method: "initialize",
  params: { clientInfo: { name: "t", version: "1" }, capabilities: { experimentalApi: true } }
})
const echo = (id: number, value: string) => line({ id, method: "mock/experimentalMethod", params: { value } })

const environment = (home: string) => ({
  PATH: process.env["PATH"] ?? "",
  CODEX_HOME: home,
  EFFECT_APP_SERVER_NATIVE: process.env["EFFECT_APP_SERVER_NATIVE"] ?? ""
})

/** Runs a line of shell in a directory of its own, in which `$SERVER` is the program, told of errors alone. */
const shell = (script: string, files: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    fs.writeFileSync(path.join(directory, "config.toml"), 'sandbox_mode = "danger-full-access"\n')
    for (const [name, content] of Object.entries(files)) fs.writeFileSync(path.join(directory, name), content)
    const env = { ...environment(directory), SERVER: `${process.execPath} ${MAIN} --log-level error` }
    const result = yield* Effect.callback<{ code: number; stdout: string; stderr: string }>((resume) => {
      const options = { cwd: directory, env, timeout: 10_000 }
      ChildProcess.execFile("sh", ["-c", script], options, (error, stdout, stderr) =>
        resume(Effect.succeed({ code: error === null ? 0 : Number(error.code), stdout, stderr }))
      ).stdin!.end()
    })
    const read = (name: string) => fs.readFileSync(path.join(directory, name), "utf8")
    return { ...result, directory, read }
  })

const idsOf = (text: string) => {
  const lines = text.split("\n")
  assert.strictEqual(lines.pop(), "")
  return lines.map((line) => (JSON.parse(line) as Message).id)
}

describe("a server on stdio", () => {
  it.live("is what the program is by default, and prints no word of its own", () =>
    Effect.gen(function* () {
      const input = INITIALIZE + echo(1, "a\u2028b") + echo(2, "last").trimEnd()
      for (const words of ["", "--stdio", "--listen stdio://"]) {
        const { code, stderr, stdout } = yield* shell(`$SERVER ${words} <in`, { in: input })
        assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
        assert.deepStrictEqual(idsOf(stdout), [0, 1, 2])
      }
    })
  )

  it.live("reads and writes files, pipes and whatever is a stream", () =>
    Effect.gen(function* () {
      // more than any pipe holds
      const count = 400
      const value = "ä".repeat(2000)
      const input = INITIALIZE + Array.from({ length: count }, (_, i) => echo(i + 1, value)).join("")
      const expected = Array.from({ length: count + 1 }, (_, i) => i)
      for (const script of [
        "$SERVER <in >out",
        "$SERVER <in | cat >out",
        "cat in | $SERVER >out",
        "cat in | $SERVER | cat >out",
        "mkfifo fifo; cat in >fifo & $SERVER <fifo >>out"
      ]) {
        const { code, read, stderr } = yield* shell(script, { in: input, out: "" })
        assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" }, script)
        assert.deepStrictEqual(idsOf(read("out")), expected, script)
      }
      // with nothing to read there is nothing to do
      assert.deepInclude(yield* shell("$SERVER </dev/null"), { code: 0, stdout: "", stderr: "" })
    })
  )

  it.live("serves somebody at a terminal, until ^D or as ^C wants it", () =>
    Effect.gen(function* () {
      for (const [key, exit] of [
        ["\x04", { exitCode: 0, signal: 0 }],
        ["\x03", { exitCode: 0, signal: 2 }]
      ] as const) {
        const directory = yield* temporaryDirectory
        fs.writeFileSync(path.join(directory, "config.toml"), 'sandbox_mode = "danger-full-access"\n')
        let screen = ""
        let ended: object | undefined
        const terminal = yield* Effect.acquireRelease(
          Effect.sync(() =>
            pty.spawn(process.execPath, [MAIN], { cwd: directory, env: environment(directory), cols: 200 })
          ),
          (terminal) => Effect.sync(() => (ended === undefined ? terminal.kill("SIGKILL") : undefined))
        )
        terminal.onData((text) => (screen += text))
        terminal.onExit((exit) => (ended = exit))
        const mine = marker()
        terminal.write(INITIALIZE)
        yield* until("the handshake", 5000, () => (screen.includes('"userAgent"') ? true : undefined))
        const command = ["sh", "-c", `trap '' INT HUP TERM; sleep ${mine}`]
        terminal.write(line({ id: 1, method: "command/exec", params: { command } }))
        yield* some(mine, 1)
        terminal.write(key)
        assert.deepStrictEqual(yield* until("the end", 5000, () => ended), exit)
        yield* none(mine)
      }
    })
  )

  it.live("ends, without a failure and with all that runs, when nobody reads any more", () =>
    Effect.gen(function* () {
      const { client, server } = yield* talk(stdio)
      const mine = marker()
      const command = ["sh", "-c", `sleep ${mine} & while echo x; do sleep 0.05; done`]
      const params = { command, processId: "p", streamStdoutStderr: true, disableTimeout: true }
      yield* client.send({ id: 1, method: "command/exec", params })
      yield* some(mine, 1)
      server.pipes.stdout.destroy()
      assert.strictEqual(yield* server.exited, 0)
      yield* none(mine)
    })
  )

  it.live("says what it cannot write, with exit code 1", () =>
    Effect.gen(function* () {
      assert.deepInclude(yield* shell("$SERVER <in >/dev/full", { in: INITIALIZE }), {
        code: 1,
        stderr: "Error: cannot write to stdout: No space left on device (os error 28)\n"
      })
    })
  )

  it.live("logs on stderr what it drops and why it stops reading", () =>
    Effect.gen(function* () {
      const bad = Buffer.concat([Buffer.from(`${INITIALIZE}{bad\n\n`), Buffer.from("22ff220a", "hex")])
      const directory = yield* temporaryDirectory
      fs.writeFileSync(path.join(directory, "in"), bad)
      const { code, stderr, stdout } = yield* shell(`$SERVER <${directory}/in; echo "code $?" >&2`)
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(idsOf(stdout), [0])
      const [first, second, third, ...rest] = stderr.split("\n")
      for (const text of [first, second])
        assert.match(text!, /level=ERROR .*message="dropped a message: not JSON"/)
      assert.match(third!, /level=ERROR .*message="stopped reading stdin: a line is not valid UTF-8"/)
      assert.deepStrictEqual(rest, ["code 0", ""])
    })
  )

  it.live(
    "answers on while nobody reads its log, of which it keeps a megabyte, and when that is closed",
    () =>
      Effect.gen(function* () {
        const { client, server } = yield* talk(stdio)
        const { stderr } = server.pipes
        /** A hundred bytes of log for each. */
        const mutter = Effect.fnUntraced(function* (count: number) {
          for (let i = 0; i < count; i++) client.write("{bad")
          const answer = yield* client.request("mock/experimentalMethod", { value: "x" }, 20_000)
          assert.deepStrictEqual(answer.result, { echoed: "x" })
        })
        stderr.pause()
        yield* mutter(30_000)
        stderr.resume()
        // another reason, which is dropped until there is room again
        yield* until("the log", 5000, () => {
          client.write("7")
          return server.stderr().includes("not an object") ? true : undefined
        })
        assert.isAbove(server.stderr().length, 1024 * 1024)
        assert.isBelow(server.stderr().length, 2 * 1024 * 1024)
        stderr.destroy()
        yield* mutter(100)
      })
  )
})
