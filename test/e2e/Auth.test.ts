/** Who may connect to the program, and what it tells of its secrets. */
import * as fs from "node:fs"
import * as net from "node:net"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { connect, runMain, startServer, temporaryDirectory, until } from "../support/harness.ts"
import { sign } from "../support/jwt.ts"
import { ask, requestText, untilClosed, upgradeHeaders } from "../support/rawHttp.ts"

/** How many sockets say nothing, or little, at once. */
const SLOW_SOCKETS = 1000

const secretFile = Effect.fnUntraced(function* (content: string, mode = 0o600) {
  const file = path.join(yield* temporaryDirectory, "secret")
  fs.writeFileSync(file, `${content}\n`)
  fs.chmodSync(file, mode)
  return file
})

const portOf = ({ url }: { readonly url: string }) => Number(new URL(url).port)

describe("a server that asks for tokens", () => {
  const CANARY = "canary-0123456789abcdef0123456789abcdef"
  const jwt = () => sign({ exp: Math.floor(Date.now() / 1000) + 600 }, { secret: CANARY })
  const signature = (token: string) => token.split(".")[2]!

  for (const [mode, flag, token, traces] of [
    ["capability-token", "--ws-token-file", () => CANARY, () => []],
    ["signed-bearer-token", "--ws-shared-secret-file", jwt, (token: string) => [signature(token)]]
  ] as const) {
    it.live(`tells nobody its secrets: ${mode}`, () =>
      Effect.gen(function* () {
        const file = yield* secretFile(CANARY, 0o640)
        const server = yield* startServer({
          // the lowest level tells all that the others tell
          args: ["--ws-auth", mode, flag, file, "--allow-origin", "https://a.example", "--log-level", "debug"]
        })
        const good = token()
        const said: Array<string> = []
        const wrong = `${good.slice(0, -4)}wrong`
        const offered = `bearer.${Buffer.from(good).toString("base64url")}`
        for (const headers of [
          [`Authorization: Basic ${good}`],
          [`Authorization: ${good}`],
          [`Authorization: Bearer ${wrong}`],
          [`Authorization: Bearer ${good}\x80`],
          [`Authorization: Bearer ${good}`, "Origin: x"],
          [`Authorization: Bearer ${good}`, "Sec-WebSocket-Protocol: a, a"],
          [`Sec-WebSocket-Protocol: ${offered}, ${offered}`],
          [`Sec-WebSocket-Protocol: effect-app-server, ${offered}`],
          [`Authorization: Bearer ${good}`, `x: ${"y".repeat(17 * 1024)}`],
          [`Authorization : Bearer ${good}`]
        ]) {
          const { body, head } = yield* ask(portOf(server), requestText([...upgradeHeaders(), ...headers]))
          said.push(head, body)
        }
        const client = yield* connect(server.url, { authorization: `Bearer ${good}` })
        client.webSocket.on("message", (frame: Buffer) => said.push(frame.toString()))
        yield* client.initialize()
        yield* client.sendText("no message")
        for (const [method, params] of [
          ["no/such/method", {}],
          ["command/exec", { command: ["/nonexistent"] }],
          ["command/exec", { command: ["true"], cwd: path.join(file, "missing") }],
          ["fs/readFile", { path: path.dirname(file) }],
          ["config/value/write", { keyPath: "sandbox_mode", value: {}, mergeStrategy: "replace" }]
        ] as const) {
          assert.isDefined((yield* client.request(method, params)).error)
        }
        const looks =
          "env; cat /proc/self/environ /proc/$$/environ /proc/$$/cmdline /proc/$PPID/environ /proc/$PPID/cmdline"
        const commands = yield* Effect.all(
          [{}, { tty: true, processId: "t" }].map((params) =>
            client.request("command/exec", { command: ["sh", "-c", looks], ...params })
          )
        )
        for (const { result } of commands) assert.strictEqual(result.exitCode, 0)
        const deltas = client.inbox.filter(({ method }) => method === "command/exec/outputDelta")
        const streamed = deltas.map(({ params }) => Buffer.from(params.deltaBase64, "base64"))
        assert.isNotEmpty(streamed)
        said.push(Buffer.concat(streamed).toString())
        assert.isDefined((yield* client.request("config/read", { includeLayers: true })).result)
        yield* client.send({ id: 1, method: "command/exec", params: { command: ["sleep", "60"] } })
        const processes = yield* until("the processes", 2000, () => {
          const found = descendants(server.pid)
          return found.some((pid) => proc(pid, "cmdline").startsWith("sleep\0")) ? found : undefined
        })
        for (const pid of [server.pid, ...processes]) said.push(proc(pid, "cmdline"), proc(pid, "environ"))
        yield* server.signal("SIGTERM")
        yield* server.exited
        said.push(server.stdout(), server.stderr())
        for (const secret of [CANARY, offered, ...traces(good)]) {
          for (const text of said) assert.notInclude(text, secret)
        }
        assert.strictEqual(server.stdout(), "")
        assert.include(server.stderr(), `can be read by others; run \`chmod 600 ${file}\``)
      })
    )
  }

  it.live("may be reached from other machines, and says so", () =>
    Effect.gen(function* () {
      const file = yield* secretFile("token")
      for (const listen of ["ws://0.0.0.0:0", "ws://[::]:0"]) {
        const server = yield* startServer({
          listen,
          args: ["--ws-auth", "capability-token", "--ws-token-file", file]
        })
        assert.match(server.stderr(), /\n {2}note: websocket auth is required for non-localhost listeners\n$/)
        const refused = yield* ask(portOf(server), requestText(["Host: x", ...upgradeHeaders("Host")]))
        assert.deepInclude(refused, { status: 401, body: "missing websocket bearer token" })
        const client = yield* connect(`ws://127.0.0.1:${portOf(server)}`, { authorization: "Bearer token" })
        assert.isDefined((yield* client.initialize()).result)
      }
    })
  )

  it.live("does not start when the flags make no sense, whatever it listens on", () =>
    Effect.gen(function* () {
      const writable = yield* secretFile("token", 0o622)
      for (const [words, message] of [
        [
          ["--ws-auth", "capability-token"],
          "`--ws-token-file` or `--ws-token-sha256` is required when `--ws-auth capability-token` is set"
        ],
        [
          ["--ws-token-file", "x"],
          "websocket auth flags require `--ws-auth capability-token` or `--ws-auth signed-bearer-token`"
        ],
        [
          ["--ws-auth", "capability-token", "--ws-token-file", writable],
          `websocket auth secret ${writable} can be written by others; run \`chmod 600 ${writable}\``
        ]
      ] as const) {
        for (const listen of ["ws://127.0.0.1:0", "ws://0.0.0.0:0", "off", "stdio://", "unix://"]) {
          assert.deepStrictEqual(yield* runMain(["--listen", listen, ...words]), {
            code: 1,
            stdout: "",
            stderr: `Error: ${message}\n`
          })
        }
      }
    })
  )
})

describe("a server whose clients are slow", () => {
  it.live("gives them 5 seconds for the headers, and any time once they are connected", () =>
    Effect.gen(function* () {
      const server = yield* startServer()
      const idle = yield* connect(server.url)
      const slow = ["", "GET / HTTP/1.1\r\n", requestText(upgradeHeaders()).slice(0, -2)]
      const ends = yield* Effect.all(
        slow.map((bytes) => untilClosed(portOf(server), bytes, 7000)),
        { concurrency: "unbounded" }
      )
      for (const { ms, text } of ends) {
        assert.match(text, /^HTTP\/1\.1 408 /)
        assert.isAtLeast(ms, 4900)
      }
      assert.isDefined((yield* idle.initialize()).result)
    })
  )

  it.live(`serves others while ${SLOW_SOCKETS} say nothing, little, or never take their answer`, () =>
    Effect.gen(function* () {
      const server = yield* startServer()
      const starts = ["", "GET / HTTP/1.1\r\nHost: x\r\nx: ", requestText(upgradeHeaders("Upgrade"))]
      const sockets: Array<net.Socket> = []
      let closed = 0
      yield* Effect.addFinalizer(() => Effect.sync(() => sockets.forEach((socket) => socket.destroy())))
      yield* Effect.forEach(
        Array.from({ length: SLOW_SOCKETS }, (_, i) => starts[i % starts.length]!),
        (bytes) =>
          Effect.callback<void>((resume) => {
            const socket = net.connect(
              { port: portOf(server), host: "127.0.0.1", allowHalfOpen: true },
              () => {
                if (bytes !== "") socket.write(bytes)
                resume(Effect.void)
              }
            )
            socket.on("error", () => resume(Effect.void))
            socket.on("end", () => closed++)
            socket.resume()
            sockets.push(socket)
          }),
        { concurrency: 50 }
      )
      const client = yield* connect(server.url)
      assert.isDefined((yield* client.initialize()).result)
      assert.strictEqual((yield* client.request("command/exec", { command: ["true"] })).result.exitCode, 0)
      yield* until("the end of the slow ones", 8000, () => (closed === SLOW_SOCKETS ? true : undefined))
      yield* until("their descriptors", 1000, () =>
        fs.readdirSync(`/proc/${server.pid}/fd`).length < 100 ? true : undefined
      )
    })
  )
})

function proc(pid: number, file: string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/${file}`, "latin1")
  } catch {
    return ""
  }
}

/** The processes below this one. */
function descendants(pid: number): ReadonlyArray<number> {
  const children = fs
    .readdirSync("/proc")
    .map(Number)
    .filter((child) => child > 0 && Number(proc(child, "stat").split(") ").at(-1)?.split(" ")[1]) === pid)
  return [...children, ...children.flatMap((child) => descendants(child))]
}
