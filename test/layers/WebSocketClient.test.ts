/** What a client makes of WebSocket servers, good and bad ones, which the test plays. */
import * as http from "node:http"
import * as net from "node:net"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import { TestClock } from "effect/testing"
import { WebSocketServer, type WebSocket } from "ws"
import * as Heartbeat from "../../src/layers/Heartbeat.ts"
import * as WebSocketClient from "../../src/layers/WebSocketClient.ts"
import { AppServerClient } from "../../src/services/AppServerClient.ts"
import { startServer, temporaryDirectory, until } from "../support/harness.ts"
import { HELLO, SERVER } from "../support/ScriptedTransport.ts"

const WAIT_MS = 5000
const CANARY = "canary-0123456789abcdef"

const connect = (url: string, token?: string) =>
  Effect.provide(
    AppServerClient.make(HELLO),
    WebSocketClient.layer({ url, token: token === undefined ? undefined : Redacted.make(token) }),
    { local: true }
  )
const refused = (...parameters: Parameters<typeof connect>) =>
  Effect.flip(Effect.scoped(connect(...parameters)))
const start = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.forkChild(effect, { startImmediately: true })

const PORT: net.ListenOptions = { host: "127.0.0.1", port: 0 }

/** A server whose sockets end with the Scope. */
const listen = Effect.fnUntraced(function* <S extends net.Server>(
  server: S,
  where: net.ListenOptions = PORT
) {
  const sockets = new Set<net.Socket>()
  server.on("connection", (socket) => {
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => {
      server.listen(where, () => resume(Effect.void))
    }),
    () =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        for (const socket of sockets) socket.destroy()
      })
  )
  const address = server.address()
  return { sockets, url: typeof address === "string" ? address : `ws://127.0.0.1:${address?.port}` }
})

/** Shakes hands with everybody, and gives the WebSockets. */
const appServer = Effect.fnUntraced(function* (where: net.ListenOptions = PORT, options = {}) {
  const server = http.createServer()
  const webSockets: Array<WebSocket> = []
  const requests: Array<http.IncomingMessage> = []
  new WebSocketServer({ server, ...options }).on("connection", (webSocket, request) => {
    webSockets.push(webSocket)
    requests.push(request)
    webSocket.on("error", () => {})
    webSocket.once("message", (data: Buffer) => {
      const { id } = JSON.parse(data.toString()) as { readonly id: number }
      webSocket.send(JSON.stringify({ id, result: SERVER }))
    })
  })
  return { ...(yield* listen(server, where)), webSockets, requests }
})

describe("no connection", () => {
  it.live("comes to be where nothing listens", () =>
    Effect.gen(function* () {
      const { url } = yield* Effect.scoped(listen(net.createServer()))
      const place = url.replace("ws://", "ws://user:canary@")
      assert.deepInclude(yield* refused(`${place}/?token=canary`), {
        _tag: "ConnectError",
        message: `cannot connect to ${url}: Connection refused (os error 111)`
      })
      assert.deepInclude(yield* refused("ws+unix:/nonexistent"), {
        _tag: "ConnectError",
        message: "cannot connect to ws+unix:/nonexistent: No such file or directory (os error 2)"
      })
    })
  )

  it.live("comes to be with what is no URL of a server", () =>
    Effect.gen(function* () {
      for (const url of ["", "canary", "ftp://canary", "ws://", "ws://x:99999", "ws://x#canary"]) {
        const error = yield* refused(url)
        assert.deepInclude(error, { _tag: "ConnectError" })
        assert.include(error.message, "expected ws://HOST:PORT")
        assert.notInclude(error.message, "canary")
      }
    })
  )

  it.live("comes to be with what is no WebSocket server", () =>
    Effect.gen(function* () {
      const { url } = yield* listen(net.createServer((socket) => socket.end("220 smtp\r\n")))
      assert.strictEqual((yield* refused(url))._tag, "ConnectError")
    })
  )

  it.live("comes to be when the server refuses the handshake: its status and reason are told", () =>
    Effect.gen(function* () {
      const { url } = yield* listen(
        http.createServer((_, response) => {
          response.writeHead(503)
          response.write("too many connections")
          response.end()
        })
      )
      assert.deepInclude(yield* refused(url), {
        _tag: "HandshakeRefused",
        status: 503,
        body: "too many connections",
        message: "the server refused the WebSocket with 503: too many connections"
      })
    })
  )

  it.live("comes to be when the reason for a refusal has no end", () =>
    Effect.gen(function* () {
      const server = http.createServer((_, response) => {
        response.writeHead(500)
        const more = () => {
          while (response.write("x".repeat(1024)));
        }
        response.on("drain", more)
        more()
      })
      const { url } = yield* listen(server)
      const error = yield* refused(url)
      assert.deepInclude(error, { _tag: "HandshakeRefused", status: 500, body: "x".repeat(64 * 1024) })
    })
  )

  it.live("is left of one that was given up while it was made", () =>
    Effect.gen(function* () {
      const { sockets, url } = yield* listen(net.createServer((socket) => socket.resume()))
      const fiber = yield* start(Effect.scoped(connect(url)))
      yield* until("the socket", WAIT_MS, () => sockets.size === 1 || undefined)
      yield* Fiber.interrupt(fiber)
      yield* until("its end", WAIT_MS, () => sockets.size === 0 || undefined)
    })
  )
})

describe("a token", () => {
  it.live("opens a server that asks for it, and no other does", () =>
    Effect.gen(function* () {
      const digest = yield* Effect.promise(() =>
        crypto.subtle.digest("SHA-256", new TextEncoder().encode(CANARY))
      )
      const hex = Buffer.from(digest).toString("hex")
      const args = ["--ws-auth", "capability-token", "--ws-token-sha256", hex]
      const { url } = yield* startServer({ args })
      const client = yield* connect(url, CANARY)
      assert.strictEqual((yield* client.request("command/exec", { command: ["true"] })).exitCode, 0)
      assert.deepInclude(yield* refused(url), { status: 401, body: "missing websocket bearer token" })
      assert.deepInclude(yield* refused(url, "wrong"), {
        status: 401,
        body: "invalid websocket bearer token"
      })
    })
  )

  it.live("is in no error, even if the server says it back", () =>
    Effect.gen(function* () {
      const { url } = yield* listen(
        http.createServer(({ headers }, response) => {
          response.writeHead(401)
          response.end(`bad: ${headers.authorization}`)
        })
      )
      const errors = [
        yield* refused(url, CANARY),
        yield* refused(url, `${CANARY}\n`),
        yield* refused("ws://127.0.0.1:1", CANARY),
        yield* refused("nowhere", CANARY)
      ]
      assert.deepInclude(errors[0], { status: 401, body: "bad: Bearer <redacted>" })
      assert.strictEqual(errors[1]?.message, "the token has characters that cannot stand in a header")
      for (const error of errors) {
        assert.notInclude(`${JSON.stringify(error)} ${error} ${error.stack} ${String(error.cause)}`, CANARY)
      }
    })
  )
})

describe("a connection", () => {
  it.live("goes over a unix socket, whatever its path", () =>
    Effect.gen(function* () {
      const socket = path.join(yield* temporaryDirectory, "a b:c%20?#.sock")
      yield* appServer({ path: socket })
      assert.deepStrictEqual((yield* connect(`ws+unix:${socket}`)).server, SERVER)
    })
  )

  it.live("asks for no extension and comes from no origin", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* appServer()
      yield* connect(url)
      const { headers } = requests[0]!
      assert.isUndefined(headers["sec-websocket-extensions"])
      assert.isUndefined(headers.origin)
    })
  )

  it.live("ends with a close frame", () =>
    Effect.gen(function* () {
      const { url, webSockets } = yield* appServer()
      let code = 0
      yield* Effect.scoped(
        Effect.andThen(
          connect(url),
          Effect.sync(() => webSockets[0]!.once("close", (given) => (code = given)))
        )
      )
      yield* until("the close", WAIT_MS, () => code || undefined)
      assert.strictEqual(code, 1000)
    })
  )

  it.live("ends within a second or so when the server does not answer the close frame", () =>
    Effect.gen(function* () {
      const { sockets, url, webSockets } = yield* appServer()
      yield* Effect.scoped(
        Effect.andThen(
          connect(url),
          Effect.sync(() => webSockets[0]!.pause())
        )
      )
      for (const socket of sockets) socket.resume()
      yield* until("its end", WAIT_MS, () => sockets.size === 0 || undefined)
    })
  )

  const lost = Effect.fnUntraced(function* (end: (webSocket: WebSocket, socket: net.Socket) => void) {
    const { sockets, url, webSockets } = yield* appServer()
    const client = yield* connect(url)
    const waiting = yield* start(Effect.flip(client.request("config/read", {})))
    end(webSockets[0]!, [...sockets][0]!)
    return yield* Fiber.join(waiting)
  })

  it.live("is lost as the server ends it, and says how", () =>
    Effect.gen(function* () {
      assert.deepInclude(yield* lost((webSocket) => webSocket.close(1001, "going")), {
        _tag: "ConnectionLost",
        message: "the server closed the connection with code 1001: going"
      })
      assert.deepInclude(yield* lost((_, socket) => socket.destroy()), {
        _tag: "ConnectionLost",
        message: "the connection broke"
      })
      assert.deepInclude(yield* lost((_, socket) => socket.resetAndDestroy()), { _tag: "ConnectionLost" })
      assert.include((yield* lost((_, socket) => socket.write("\xff\xff"))).message, "the connection broke: ")
    })
  )

  it.live("gives the answers that came before it was lost", () =>
    Effect.gen(function* () {
      const { url, webSockets } = yield* appServer()
      const client = yield* connect(url)
      const waiting = yield* start(client.request("mock/experimentalMethod", {}))
      const [webSocket] = webSockets
      webSocket!.on("message", (data: Buffer) => {
        const { id } = JSON.parse(data.toString()) as { readonly id?: number }
        if (id === undefined) return
        webSocket!.send(JSON.stringify({ id, result: { echoed: "last" } }))
        webSocket!.terminate()
      })
      assert.strictEqual((yield* Fiber.join(waiting)).echoed, "last")
    })
  )

  it.effect(
    "is lost when nothing is heard of the server for 90 s, unless it is the client that does not read",
    () =>
      Effect.gen(function* () {
        const { url, webSockets } = yield* appServer(PORT, { autoPong: false })
        const dead = yield* connect(url)
        const waiting = yield* start(Effect.flip(dead.request("config/read", {})))
        const slow = yield* connect(url)
        const [, webSocket] = webSockets
        const process = yield* slow.exec({ command: ["yes"] })
        const delta = { stream: "stdout", deltaBase64: "AAAA".repeat(16 * 1024), capReached: false }
        const params = { processId: process.processId, ...delta }
        const text = JSON.stringify({ method: "command/exec/outputDelta", params })
        for (let i = 0; i < 500; i++) webSocket!.send(text)
        yield* Effect.callback<void>((resume) => {
          // it has stopped reading when the buffers of the system are full
          let before = -1
          const timer = setInterval(() => {
            const { bufferedAmount } = webSocket!
            if (bufferedAmount > 0 && bufferedAmount === before)
              resume(Effect.sync(() => clearInterval(timer)))
            before = bufferedAmount
          }, 50)
        })
        yield* TestClock.adjust(Heartbeat.GONE_AFTER_MS + Heartbeat.BEAT_MS)
        assert.strictEqual((yield* Fiber.join(waiting))._tag, "ConnectionLost")
        const echo = yield* start(Effect.result(slow.request("mock/experimentalMethod", {})))
        yield* TestClock.adjust(0)
        assert.isUndefined(echo.pollUnsafe())
        webSocket!.terminate()
      })
  )
})
