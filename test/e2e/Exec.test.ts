/** `exec` as people and scripts use it: on pipes, against servers as they are. */
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as http from "node:http"
import * as net from "node:net"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { WebSocketServer } from "ws"
import { clientTargets } from "../support/clientTargets.ts"
import { CLIENT_MS, runClient, startClient } from "../support/execClient.ts"
import { startServer, temporaryDirectory, until } from "../support/harness.ts"

const MIB = 1024 * 1024
/** What a process on a loaded machine may keep in memory for a while, far below what it would without flow control. */
const MAX_GROWTH = 64 * MIB
/** So long nothing may move until it counts as halted. */
const HALT_MS = 1000

const sha256 = (bytes: Buffer) => crypto.createHash("sha256").update(bytes).digest("hex")
const isAlive = (pid: number) => fs.existsSync(`/proc/${pid}`)
const sh = (script: string) => ["--", "sh", "-c", script]
const memoryOf = (pid: number) =>
  Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))![1]) * 1024

describe.each(clientTargets.filter(({ name }) => !name.includes("stdio")))(
  "exec on $name",
  ({ name, start }) => {
    /** Words that name a server of the test's own. */
    const target = Effect.map(start, ({ kill, target }) => ({ url: ["--url", target as string], kill }))

    it.live("gives the output, apart, and the exit code", () =>
      Effect.gen(function* () {
        const { url } = yield* target
        for (const code of [0, 7, 255]) {
          const {
            code: end,
            stderr,
            stdout
          } = yield* runClient([...url, ...sh(`printf 'out\\0'; printf 'err\\n' >&2; exit ${code}`)])
          assert.deepStrictEqual([end, stdout.toString(), stderr], [code, "out\0", "err\n"])
        }
        assert.strictEqual((yield* runClient([...url, ...sh("kill -KILL $$")])).code, 137)
      })
    )

    it.live("passes stdin and its end", () =>
      Effect.gen(function* () {
        const { url } = yield* target
        const { code, stdout } = yield* runClient([...url, "cat"], { stdin: "a\nb" })
        assert.deepStrictEqual([code, stdout.toString()], [0, "a\nb"])
        // what the command does not want is nobody's problem
        assert.deepInclude(yield* runClient([...url, "true"], { stdin: Buffer.alloc(MIB) }), {
          code: 0,
          stderr: ""
        })
        const closed = yield* runClient([...url, ...sh("exec <&-; sleep 0.3; echo x")], {
          stdin: Buffer.alloc(MIB)
        })
        assert.deepStrictEqual([closed.code, closed.stdout.toString(), closed.stderr], [0, "x\n", ""])
      })
    )

    it.live("moves bytes unchanged, in both directions at once", () =>
      Effect.gen(function* () {
        const { url } = yield* target
        const bytes = crypto.randomBytes(16 * MIB)
        const { code, stderr, stdout } = yield* runClient([...url, "cat"], { stdin: bytes })
        assert.deepStrictEqual([code, sha256(stdout), stderr], [0, sha256(bytes), ""])
        const summed = yield* runClient([...url, "sha256sum"], { stdin: bytes })
        assert.strictEqual(summed.stdout.toString(), `${sha256(bytes)}  -\n`)
      })
    )

    it.live("sets variables, the directory and a time", () =>
      Effect.gen(function* () {
        const { url } = yield* target
        const directory = yield* temporaryDirectory
        const flags = ["--env", "A=x=y z", "--env=B=", "--cwd", directory]
        const set = yield* runClient([...url, ...flags, ...sh('echo "$A/${B-unset}"; pwd')])
        assert.strictEqual(set.stdout.toString(), `x=y z/\n${directory}\n`)
        const late = yield* runClient([...url, "--timeout", "100ms", ...sh("echo begun; sleep 1000")])
        assert.deepStrictEqual([late.code, late.stdout.toString(), late.stderr], [124, "begun\n", ""])
      })
    )

    it.live("exits as a shell does if the command cannot be started", () =>
      Effect.gen(function* () {
        const { url } = yield* target
        const file = path.join(yield* temporaryDirectory, "file")
        fs.writeFileSync(file, "")
        for (const [words, code, message] of [
          [
            ["--", "/nonexistent"],
            127,
            "Error: cannot start /nonexistent on the server: No such file or directory (os error 2); check the name\n"
          ],
          [
            ["--cwd", "/nonexistent", "ls"],
            127,
            "Error: cannot start ls on the server: No such file or directory (os error 2); check the name and --cwd /nonexistent\n"
          ],
          [
            [file],
            126,
            `Error: cannot start ${file} on the server: Permission denied (os error 13); is it a program, and executable?\n`
          ]
        ] as const) {
          assert.deepInclude(yield* runClient([...url, ...words]), { code, stderr: message })
        }
      })
    )

    it.live("ends the command with itself, by the signal that it got", () =>
      Effect.gen(function* () {
        const { url } = yield* target
        for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
          const client = yield* startClient([...url, ...sh("sleep 1000 & echo $! $$; wait")])
          let said = ""
          client.child.stdout.on("data", (bytes: Buffer) => (said += bytes.toString()))
          const pids = yield* until("the pids", CLIENT_MS, () =>
            /(\d+) (\d+)\n/.exec(said)?.slice(1).map(Number)
          )
          client.child.kill(signal)
          assert.strictEqual(yield* client.end, signal)
          assert.strictEqual(client.stderr(), "")
          yield* until("the end of the tree", CLIENT_MS, () => !pids.some(isAlive) || undefined)
        }
      })
    )

    it.live("says that the connection is lost", () =>
      Effect.gen(function* () {
        const { kill, url } = yield* target
        const client = yield* startClient([...url, ...sh("echo x; sleep 1000")])
        yield* Effect.promise(() => new Promise((resolve) => client.child.stdout.once("data", resolve)))
        kill()
        assert.strictEqual(yield* client.end, 255)
        assert.match(
          client.stderr(),
          /^Error: the connection is lost, and with it the command: .+; run it again once the server can be reached\n$/
        )
        const refused = yield* runClient([...url, "ls"])
        assert.strictEqual(refused.code, 255)
        assert.match(
          refused.stderr,
          /^Error: cannot connect to ws.+ \(os error \d+\); start a server there, or name another one by --url\n$/
        )
      })
    )

    it.live("lets the command wait for who does not read, and loses nothing", () =>
      Effect.gen(function* () {
        const { url } = yield* target
        const directory = yield* temporaryDirectory
        const count = path.join(directory, "count")
        // counts the megabytes that it could write
        const script = `i=0; while [ $i -lt 64 ]; do head -c ${MIB} /dev/zero | tr '\\0' x; i=$((i + 1)); echo $i >${count}; done`
        const client = yield* startClient([...url, ...sh(script)])
        const written = () => (fs.existsSync(count) ? Number(fs.readFileSync(count, "utf8")) : 0)
        let last = { at: Date.now(), count: 0 }
        yield* until("the halt", CLIENT_MS, () => {
          const now = written()
          if (now !== last.count) last = { at: Date.now(), count: now }
          return (now > 0 && Date.now() - last.at > HALT_MS) || undefined
        })
        assert.isBelow(written(), 32)
        let bytes = 0
        client.child.stdout.on("data", (chunk: Buffer) => (bytes += chunk.length))
        assert.strictEqual(yield* client.end, 0)
        assert.strictEqual(bytes, 64 * MIB)
      })
    )

    it.live("lets stdin wait for a command that does not read, in bounded memory", () =>
      Effect.gen(function* () {
        const { url } = yield* target
        const client = yield* startClient([...url, ...sh("echo begun; sleep 1000")])
        yield* Effect.promise(() => new Promise((resolve) => client.child.stdout.once("data", resolve)))
        const before = memoryOf(client.child.pid!)
        const chunk = Buffer.alloc(64 * 1024, "y\n")
        let last = { at: Date.now(), sent: 0 }
        const more = () => {
          last = { at: Date.now(), sent: last.sent + chunk.length }
          if (last.sent < 256 * MIB) client.child.stdin.write(chunk, more)
        }
        more()
        yield* until("the halt", CLIENT_MS, () => Date.now() - last.at > HALT_MS || undefined)
        assert.isBelow(last.sent, 64 * MIB)
        assert.isBelow(memoryOf(client.child.pid!) - before, MAX_GROWTH)
        client.child.kill("SIGTERM")
        // Codex does not hear of the end of a command whose stdin is full
        if (!name.includes("Codex")) assert.strictEqual(yield* client.end, "SIGTERM")
      })
    )

    it.live("ends the command, and says nothing, when nobody reads its output any more", () =>
      Effect.gen(function* () {
        const { url } = yield* target
        for (const stream of ["stdout", "stderr"] as const) {
          const script = stream === "stdout" ? "echo $$; exec yes" : "echo $$ >&2; exec yes >&2"
          const client = yield* startClient([...url, ...sh(script)])
          const pid = yield* Effect.promise(
            () =>
              new Promise<number>((resolve) => client.child[stream].once("data", (b) => resolve(parseInt(b))))
          )
          client.child[stream].destroy()
          assert.strictEqual(yield* client.end, 141)
          if (stream === "stdout") assert.strictEqual(client.stderr(), "")
          yield* until("the end of the command", CLIENT_MS, () => !isAlive(pid) || undefined)
        }
      })
    )
  }
)

describe("exec", () => {
  it.live("has a help of its own, and refuses wrong words", () =>
    Effect.gen(function* () {
      const help = yield* runClient(["--help"])
      assert.deepInclude(help, { code: 0, stderr: "" })
      assert.match(help.stdout.toString(), /^Runs a command on a server .*\n\nUsage: effect-app-server exec /)
      const wrong = yield* runClient(["--timeout=soon", "ls"])
      assert.strictEqual(wrong.code, 2)
      assert.match(wrong.stderr, /^error: invalid value for '--timeout <TIME>': expected .*\n\nFor more/)
      assert.deepInclude(yield* runClient(["--tty", "ls"]), {
        code: 2,
        stderr: "Error: --tty needs a terminal on stdin; run it on one, or leave --tty out\n"
      })
    })
  )

  const CANARY = "canary-0123456789abcdef"
  const tokenFile = Effect.fnUntraced(function* (content: string, mode = 0o600) {
    const file = path.join(yield* temporaryDirectory, "token")
    fs.writeFileSync(file, content)
    fs.chmodSync(file, mode)
    return file
  })

  it.live("shows the token of a file to the server alone", () =>
    Effect.gen(function* () {
      const file = yield* tokenFile(`${CANARY}\n`)
      const server = yield* startServer({ args: ["--ws-auth", "capability-token", "--ws-token-file", file] })
      const url = ["--url", server.url]
      const good = yield* runClient([...url, "--token-file", file, "echo", "in"])
      assert.strictEqual(good.code, 0)
      assert.deepStrictEqual([good.stdout.toString(), good.stderr], ["in\n", ""])

      const none = yield* runClient([...url, "ls"])
      assert.strictEqual(none.code, 255)
      assert.match(
        none.stderr,
        /^Error: the server asks for a token \(401.*\); name the file with it by --token-file\n$/
      )
      const other = yield* tokenFile("another-token-0123456789")
      const wrong = yield* runClient([...url, "--token-file", other, "ls"])
      assert.strictEqual(wrong.code, 255)
      assert.match(
        wrong.stderr,
        /^Error: the server does not take the token in .+ \(401.*\); put its own .*\n$/
      )
      assert.notInclude(wrong.stderr, "another-token")
    })
  )

  it.live("looks at the file of a token as the server does", () =>
    Effect.gen(function* () {
      const missing = yield* runClient(["--token-file", "/nonexistent", "ls"])
      assert.deepInclude(missing, {
        code: 255,
        stderr:
          "Error: failed to read websocket auth secret /nonexistent: No such file or directory (os error 2)\n"
      })
      const open = yield* tokenFile(CANARY, 0o666)
      const writable = yield* runClient(["--token-file", open, "ls"])
      assert.strictEqual(writable.code, 255)
      assert.strictEqual(
        writable.stderr,
        `Error: websocket auth secret ${open} can be written by others; run \`chmod 600 ${open}\`\n`
      )
      const broken = yield* tokenFile("two\nlines")
      const unfit = yield* runClient(["--token-file", broken, "ls"])
      assert.strictEqual(unfit.code, 255)
      assert.match(unfit.stderr, /^Error: the token has characters that cannot stand in a header[^\n]*\n$/)
    })
  )

  const listening = <A extends net.Server>(server: A) =>
    Effect.acquireRelease(
      Effect.callback<string>((resume) => {
        server.listen(0, "127.0.0.1", () => {
          resume(Effect.succeed(`ws://127.0.0.1:${(server.address() as net.AddressInfo).port}`))
        })
      }),
      () =>
        Effect.sync(() => {
          server.close()
          if (server instanceof http.Server) server.closeAllConnections()
        })
    )

  it.live("knows a server that is none, and shows nothing that would change a terminal", () =>
    Effect.gen(function* () {
      const file = yield* tokenFile(CANARY)
      const page = http.createServer((request, response) => {
        response.writeHead(404)
        response.end(`<p>\u001b[2J\n\u009b5m ${request.headers.authorization} ${"long ".repeat(1000)}`)
      })
      const fails = Effect.fnUntraced(function* (url: string, pattern: RegExp) {
        const { code, stderr, stdout } = yield* runClient(["--url", url, "--token-file", file, "ls"])
        assert.deepStrictEqual([code, stdout.length], [255, 0])
        assert.match(stderr, pattern)
        assert.match(stderr, /^Error: [^\n\u001b\u009b]{1,600}\n$/)
        assert.notInclude(stderr, CANARY)
      })
      yield* fails(yield* listening(page), /is no app-server, it answered 404: <p>/)
      for (const status of [403, 503]) {
        const server = http.createServer((_, response) => response.writeHead(status).end("so"))
        yield* fails(yield* listening(server), new RegExp(`\\(${status}: so\\)`))
      }
      yield* fails(
        yield* listening(net.createServer((socket) => socket.on("error", () => {}).end("SSH-2.0-x\r\n"))),
        /cannot connect to ws:/
      )
      for (const [answer, pattern] of [
        [() => "{", /is no app-server: .*; check --url/],
        [(text: string) => text, /is no app-server: .*; check --url/],
        [(text: string) => JSON.stringify({ id: JSON.parse(text).id, result: {} }), /is no app-server: /],
        [
          (text: string) =>
            JSON.stringify({ id: JSON.parse(text).id, error: { code: -1, message: `no ${CANARY}` } }),
          /is no app-server: no <redacted>; check --url/
        ]
      ] as const) {
        const server = http.createServer()
        const webSockets = new WebSocketServer({ server })
        webSockets.on("connection", (webSocket) => {
          webSocket.on("message", (data: Buffer) => webSocket.send(answer(data.toString())))
        })
        yield* fails(yield* listening(server), pattern)
      }
    })
  )

  it.live("does not wait for ever for one that says nothing", () =>
    Effect.gen(function* () {
      const url = yield* listening(net.createServer((socket) => socket.on("error", () => {})))
      assert.deepInclude(yield* runClient(["--url", url, "ls"]), {
        code: 255,
        stderr: "Error: what listens there is no app-server: it said nothing for 10 seconds; check --url\n"
      })
    })
  )
})
