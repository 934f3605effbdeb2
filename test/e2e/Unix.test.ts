/** What is the unix socket's own: where it is, who may open it, and what is left of it. */
import * as ChildProcess from "node:child_process"
import * as fs from "node:fs"
import * as net from "node:net"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import {
  MAIN,
  connect,
  dial,
  runMain,
  startServer,
  temporaryDirectory,
  until,
  type TestServer
} from "../support/harness.ts"
import { requestText, upgradeHeaders } from "../support/rawHttp.ts"

/** How many servers want the same socket at once. */
const RIVALS = 6

const mode = (file: string) => (fs.statSync(file).mode & 0o777).toString(8)
const listen = (server: TestServer) => server.url.replace(/^ws\+unix:(.*):\/$/, "$1")

describe("a server on a unix socket", () => {
  it.live("is below CODEX_HOME by default, in a directory for its owner alone, and says nothing", () =>
    Effect.gen(function* () {
      const home = yield* temporaryDirectory
      const directory = path.join(home, "app-server-control")
      fs.mkdirSync(directory)
      fs.chmodSync(directory, 0o777)
      const socket = path.join(directory, "app-server-control.sock")
      const server = yield* startServer({
        listen: "unix://",
        socket,
        env: { CODEX_HOME: home },
        args: ["-c", "sandbox_mode=danger-full-access", "--log-level", "error"]
      })
      assert.deepStrictEqual([mode(directory), mode(socket)], ["700", "600"])
      const client = yield* dial(server)
      yield* client.initialize()
      const { result } = yield* client.request("command/exec", { command: ["echo", "hi"] })
      assert.strictEqual(result.stdout, "hi\n")
      assert.deepStrictEqual([server.stdout(), server.stderr()], ["", ""])
    })
  )

  it.live("answers probes, and pages, which cannot open a unix socket", () =>
    Effect.gen(function* () {
      const server = yield* startServer({ listen: "unix://s" })
      const ask = (bytes: string) =>
        Effect.callback<string>((resume) => {
          const socket = net.connect(listen(server), () => socket.write(bytes))
          socket.once("data", (data) => {
            socket.destroy()
            resume(Effect.succeed(data.toString().split("\r\n")[0]!))
          })
        })
      assert.strictEqual(yield* ask(requestText([], "GET /readyz HTTP/1.1")), "HTTP/1.1 200 OK")
      const page = requestText([...upgradeHeaders(), "Origin: https://a.example"])
      assert.strictEqual(yield* ask(page), "HTTP/1.1 101 Switching Protocols")
    })
  )

  it.live("leaves one that is served alone, and takes over one whose server was killed", () =>
    Effect.gen(function* () {
      const server = yield* startServer({ listen: "unix://s" })
      const socket = listen(server)
      const words = ["--listen", `unix://${socket}`, "--log-level", "error"]
      const env = { CODEX_HOME: server.codexHome }
      assert.deepStrictEqual(yield* runMain(words, env), {
        code: 1,
        stdout: "",
        stderr: `Error: app-server control socket is already in use at ${socket}\n`
      })
      yield* server.signal("SIGKILL")
      yield* server.exited
      assert.isTrue(fs.existsSync(socket))
      const next = yield* startServer({ listen: `unix://${socket}`, socket })
      const client = yield* connect(next.url)
      assert.isDefined((yield* client.initialize()).result)
      yield* next.signal("SIGHUP")
      assert.strictEqual(yield* next.exited, 0)
      assert.deepStrictEqual(fs.readdirSync(path.dirname(socket)), [])
    })
  )

  it.live(
    `is served by exactly one of ${RIVALS} that start at once, with its mode from the first moment`,
    () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const socket = path.join(directory, "s")
        for (const left of ["nothing", "a dead socket"]) {
          const exits: Array<{ readonly code: number | null; readonly stderr: string }> = []
          const rivals = yield* Effect.acquireRelease(
            Effect.sync(() =>
              Array.from({ length: RIVALS }, () => {
                const words = [
                  "-c",
                  'umask 0; exec "$0" "$@"',
                  process.execPath,
                  MAIN,
                  "--listen",
                  `unix://${socket}`
                ]
                const rival = ChildProcess.spawn("sh", words, {
                  env: { PATH: process.env["PATH"], CODEX_HOME: directory },
                  stdio: ["ignore", "ignore", "pipe"]
                })
                let stderr = ""
                rival.stderr.on("data", (bytes: Buffer) => (stderr += bytes.toString()))
                rival.on("close", (code) => exits.push({ code, stderr }))
                return rival
              })
            ),
            (rivals) => Effect.sync(() => rivals.forEach((rival) => rival.kill("SIGKILL")))
          )
          const before = fs.lstatSync(socket, { throwIfNoEntry: false })?.ino
          yield* until("the socket", 10_000, () => {
            const stat = fs.lstatSync(socket, { throwIfNoEntry: false })
            if (stat === undefined || stat.ino === before) return undefined
            assert.strictEqual(stat.mode & 0o777, 0o600)
            return true
          })
          const client = yield* connect(`ws+unix:${socket}:/`)
          assert.isDefined((yield* client.initialize()).result)
          yield* until("the refusals", 10_000, () => (exits.length === RIVALS - 1 ? true : undefined))
          for (const { code, stderr } of exits) {
            assert.strictEqual(code, 1)
            assert.include(stderr, `Error: app-server control socket is already in use at ${socket}\n`)
          }
          assert.isDefined((yield* client.request("mock/experimentalMethod", {})).result)
          assert.deepStrictEqual(
            fs.readdirSync(directory).filter((name) => name !== "s"),
            []
          )
          const winner = rivals.find(({ exitCode }) => exitCode === null)!
          winner.kill(left === "nothing" ? "SIGKILL" : "SIGTERM")
          yield* until("the end", 5000, () => (exits.length === RIVALS ? true : undefined))
        }
        assert.deepStrictEqual(fs.readdirSync(directory), [])
      })
  )
})
