/** What a client makes of child processes, good and bad ones. */
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as StdioClient from "../../src/layers/StdioClient.ts"
import { AppServerClient } from "../../src/services/AppServerClient.ts"
import { temporaryDirectory, until } from "../support/harness.ts"
import { statOf } from "../support/trees.ts"
import { HELLO, SERVER } from "../support/ScriptedTransport.ts"

const WAIT_MS = 5000

const connect = (options: StdioClient.StdioClientOptions) =>
  Effect.provide(AppServerClient.make(HELLO), StdioClient.layer(options), { local: true })
/** A program of JavaScript that answers the first line by `answer`, in pieces if it likes. */
const program = (code: string) => ({
  command: [
    process.execPath,
    "-e",
    `const result = ${JSON.stringify(SERVER)}
    const answer = (text) => process.stdout.write(text)
    process.stdin.once("data", async () => { ${code} })`
  ] as const
})
const HELLO_BACK = 'answer(JSON.stringify({ id: 1, result }) + "\\n");'

const refused = (options: StdioClient.StdioClientOptions) => Effect.flip(Effect.scoped(connect(options)))
/** Not a zombie either, which somebody else may be slow to reap. */
const isAlive = (pid: number) => !["Z", undefined].includes(statOf(pid)?.[0])

describe("a server that is a child process", () => {
  it.live("is understood however its lines come", () =>
    Effect.gen(function* () {
      const client = yield* connect(
        program(`
          const warning = JSON.stringify({ method: "configWarning", params: { summary: "é😀", details: null } })
          const bytes = Buffer.from("\\r\\n\\n" + JSON.stringify({ id: 1, result }) + "\\r\\n" + warning + "\\n" + warning + "\\n")
          for (const byte of bytes) {
            answer(Buffer.from([byte]))
            await new Promise(setImmediate)
          }
        `)
      )
      assert.deepStrictEqual(client.server, SERVER)
      const heard = yield* client.notifications("configWarning").pipe(Stream.take(2), Stream.runCollect)
      assert.deepStrictEqual(
        heard.map(({ summary }) => summary),
        ["é😀", "é😀"]
      )
    })
  )

  it.live("has the environment and the directory that it is given", () =>
    Effect.gen(function* () {
      const cwd = yield* temporaryDirectory
      const { command } = program(`
        result.userAgent = process.env.MARK; result.codexHome = process.cwd(); ${HELLO_BACK}`)
      const { server } = yield* connect({ command, cwd, env: { MARK: "x" } })
      assert.deepInclude(server, { userAgent: "x", codexHome: cwd })
    })
  )

  it.live("cannot be started: the reason is told", () =>
    Effect.gen(function* () {
      assert.deepInclude(yield* refused({ command: ["/nonexistent", "app-server"] }), {
        _tag: "ConnectError",
        message: "cannot start /nonexistent: No such file or directory (os error 2)"
      })
    })
  )

  it.live("ends by itself: its code and what it said on stderr are told", () =>
    Effect.gen(function* () {
      const error = yield* refused(
        program(`console.error("x".repeat(5000) + " bad config"); process.exit(3)`)
      )
      assert.strictEqual(error._tag, "ConnectionLost")
      assert.match(error.message, /^the server exited with code 3: x{4084} bad config$/)
      const killed = yield* refused(program(`process.kill(process.pid, "SIGKILL")`))
      assert.strictEqual(killed.message, "the server was killed by SIGKILL")
    })
  )

  it.live("is none: it is told, and ended", () =>
    Effect.gen(function* () {
      const error = yield* refused({ command: ["sh", "-c", "echo $$; sleep 1000"] })
      assert.include(error.message, "the server does not keep to the protocol: a message is not an object")
    })
  )

  it.live("closes its stdout: the connection is lost", () =>
    Effect.gen(function* () {
      const error = yield* refused({ command: ["sh", "-c", "exec >&-; while read x; do :; done"] })
      assert.strictEqual(error.message, "the server exited with code 0")
    })
  )

  it.live("ends at the end of its stdin", () =>
    Effect.gen(function* () {
      const file = path.join(yield* temporaryDirectory, "end")
      yield* Effect.scoped(
        connect(
          program(`${HELLO_BACK}
            process.stdin.once("end", () => require("fs").writeFileSync(${JSON.stringify(file)}, "in peace"))`)
        )
      )
      assert.strictEqual(fs.readFileSync(file, "utf8"), "in peace")
    })
  )

  it.live("does not end at the end of its stdin: it is killed after 2 s, with what it started", () =>
    Effect.gen(function* () {
      const file = path.join(yield* temporaryDirectory, "pids")
      const pids = () => fs.readFileSync(file, "utf8").trim().split("\n").map(Number)
      const began = Date.now()
      yield* Effect.scoped(
        connect({
          command: [
            "sh",
            "-c",
            `sleep 1000 & printf '%s\\n' $$ $! > ${file}; read x; echo '${JSON.stringify({ id: 1, result: SERVER })}'; wait`
          ]
        })
      )
      assert.isAtLeast(Date.now() - began, 2000)
      yield* until("the end", WAIT_MS, () => !pids().some(isAlive) || undefined)
    })
  )

  it.live("takes no input any more: that is no defect", () =>
    Effect.gen(function* () {
      const client = yield* connect(
        program(`${HELLO_BACK} process.stdin.destroy(); setTimeout(() => {}, 500)`)
      )
      const error = yield* Effect.flip(
        client.request("mock/experimentalMethod", { value: "x".repeat(1_000_000) })
      )
      assert.strictEqual(error._tag, "ConnectionLost")
    })
  )
})
