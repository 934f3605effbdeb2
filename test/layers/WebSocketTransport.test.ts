/** The transport over real sockets, with scripted processes behind it. */
import * as http from "node:http"
import * as net from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Scope from "effect/Scope"
import * as AppServer from "../../src/layers/AppServer.ts"
import { WebSocketTransport } from "../../src/layers/WebSocketTransport.ts"
import { MAX_MESSAGE_BYTES } from "../../src/services/Connection.ts"
import { connect, temporaryDirectory, until } from "../support/harness.ts"
import * as Scripted from "../support/scripted.ts"
import * as ScriptedSpawner from "../support/ScriptedSpawner.ts"

/** Listens in the current Scope; the URL and the processes that were started. */
const listen = Effect.gen(function* () {
  const scripted = ScriptedSpawner.make()
  const context = yield* Layer.build(
    WebSocketTransport.layer({ host: "127.0.0.1", port: 0 }).pipe(
      Layer.provide(Scripted.dispatcher(scripted))
    )
  )
  const { port } = Context.get(context, WebSocketTransport)
  return { port, url: `ws://127.0.0.1:${port}`, processes: scripted.processes }
})

const connected = Effect.gen(function* () {
  const server = yield* listen
  const client = yield* connect(server.url)
  yield* client.initialize()
  return { ...server, client }
})

const request = (port: number, options: http.RequestOptions) =>
  Effect.callback<{
    readonly status: number
    readonly body: string
    readonly headers: http.IncomingHttpHeaders
  }>((resume) => {
    const request = http.request({ host: "127.0.0.1", port, ...options }, (response) => {
      let body = ""
      response.on("data", (chunk: Buffer) => (body += chunk.toString()))
      response.on("end", () =>
        resume(Effect.succeed({ status: response.statusCode!, body, headers: response.headers }))
      )
    })
    request.on("error", (error) => resume(Effect.die(error)))
    request.end()
  })

const UPGRADE = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ=="
}

/** What the server says to these bytes until it closes or has said `enough`. */
const raw = (port: number, bytes: string, enough: RegExp) =>
  Effect.callback<string>((resume) => {
    const socket = net.connect(port, "127.0.0.1", () => socket.write(bytes))
    let text = ""
    const done = () => {
      socket.destroy()
      resume(Effect.succeed(text))
    }
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1")
      if (enough.test(text)) done()
    })
    socket.on("close", done)
    socket.on("error", done)
  })

const echo = (id: number, value: string) => ({ id, method: "mock/experimentalMethod", params: { value } })

describe("WebSocketTransport", () => {
  it.live("answers probes, and everything else that is no upgrade with a reason", () =>
    Effect.gen(function* () {
      const { port } = yield* listen
      const answer = (options: http.RequestOptions) =>
        Effect.map(request(port, options), ({ body, status }) => [status, body] as const)
      for (const path of ["/readyz", "/healthz", "/readyz?x=1"]) {
        assert.deepStrictEqual(yield* answer({ path }), [200, ""])
        assert.deepStrictEqual(yield* answer({ path, method: "HEAD" }), [200, ""])
        assert.deepStrictEqual(yield* answer({ path, method: "POST" }), [405, ""])
        assert.deepStrictEqual(yield* answer({ path, headers: { origin: "null" } }), [403, ""])
        assert.deepStrictEqual(yield* answer({ path, headers: UPGRADE }), [200, ""])
      }
      assert.strictEqual((yield* request(port, { path: "/readyz", method: "PUT" })).headers.allow, "GET,HEAD")
      assert.deepStrictEqual(yield* answer({ path: "/" }), [
        400,
        "Connection header did not include 'upgrade'"
      ])
      assert.deepStrictEqual(yield* answer({ path: "/", method: "POST" }), [
        405,
        "Request method must be `GET`"
      ])
      assert.deepStrictEqual(
        yield* answer({ path: "/", headers: { connection: "upgrade", upgrade: "h2c" } }),
        [400, "`Upgrade` header did not include 'websocket'"]
      )
      assert.deepStrictEqual(
        yield* answer({ path: "/", headers: { ...UPGRADE, "sec-websocket-version": "8" } }),
        [400, "`Sec-WebSocket-Version` header did not include '13'"]
      )
      const { "sec-websocket-key": _, ...keyless } = UPGRADE
      assert.deepStrictEqual(yield* answer({ path: "/", headers: keyless }), [
        400,
        "`Sec-WebSocket-Key` header missing"
      ])
    })
  )

  it.live("refuses an upgrade with any Origin", () =>
    Effect.gen(function* () {
      const { port } = yield* listen
      for (const origin of ["null", "", `http://127.0.0.1:${port}`]) {
        const answer = yield* request(port, { path: "/", headers: { ...UPGRADE, origin } })
        assert.deepStrictEqual([answer.status, answer.body], [403, ""])
      }
    })
  )

  it.live("upgrades on any path and takes neither extension nor subprotocol", () =>
    Effect.gen(function* () {
      const { port } = yield* listen
      const answer = yield* raw(
        port,
        "GET /some/where?x=1 HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol: mine\r\n\r\n",
        /\r\n\r\n/
      )
      assert.match(answer, /^HTTP\/1\.1 101 /)
      assert.include(answer, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
      assert.notMatch(answer, /sec-websocket-(extensions|protocol)/i)
    })
  )

  it.live("answers a ping with one pong", () =>
    Effect.gen(function* () {
      const { client } = yield* connected
      const pongs: Array<string> = []
      client.webSocket.on("pong", (data: Buffer) => pongs.push(data.toString()))
      client.webSocket.ping("payload")
      yield* client.request("mock/experimentalMethod", { value: "behind it" })
      assert.deepStrictEqual(pongs, ["payload"])
    })
  )

  it.live("drops binary frames and joins fragments", () =>
    Effect.gen(function* () {
      const { client } = yield* connected
      client.webSocket.send(Buffer.from(JSON.stringify(echo(1, "binary"))), { binary: true })
      const text = JSON.stringify(echo(2, "joined"))
      for (let i = 0; i < text.length; i += 10) {
        client.webSocket.send(text.slice(i, i + 10), { fin: i + 10 >= text.length })
      }
      assert.deepStrictEqual((yield* client.response(2)).result, { echoed: "joined" })
      yield* client.silence
    })
  )

  it.live("takes a message of 16 MiB and closes with 1009 on a larger one", () =>
    Effect.gen(function* () {
      const { client } = yield* connected
      const envelope = JSON.stringify(echo(1, "")).length
      yield* client.send(echo(1, "x".repeat(MAX_MESSAGE_BYTES - envelope)))
      assert.strictEqual((yield* client.response(1)).result.echoed.length, MAX_MESSAGE_BYTES - envelope)
      yield* client.send(echo(2, "x".repeat(MAX_MESSAGE_BYTES - envelope + 1)))
      assert.strictEqual(yield* client.close, 1009)
    })
  )

  it.live("closes with 1007 on text that is no UTF-8", () =>
    Effect.gen(function* () {
      const { client } = yield* connected
      const { _socket: socket } = client.webSocket as unknown as { readonly _socket: net.Socket }
      socket.write(Buffer.from("818200000000fffe", "hex"))
      assert.strictEqual(yield* client.close, 1007)
    })
  )

  for (const [how, disconnect] of [
    ["closes", (client) => client.close(1000)],
    ["vanishes", (client) => client.terminate()]
  ] as ReadonlyArray<readonly [string, (webSocket: import("ws").WebSocket) => void]>) {
    it.live(`ends what a client started when it ${how}, and nobody else's`, () =>
      Effect.gen(function* () {
        const { client, processes, url } = yield* connected
        const other = yield* connect(url)
        yield* other.initialize()
        for (const each of [client, other]) {
          yield* each.send({
            id: 1,
            method: "command/exec",
            params: { command: ["x"], processId: "p", tty: true }
          })
        }
        yield* until("two processes", 2000, () => (processes.length === 2 ? true : undefined))
        disconnect(client.webSocket)
        yield* until("its end", 2000, () => (processes[0]!.released ? true : undefined))
        assert.isFalse(processes[1]!.released)
        assert.isDefined((yield* other.request("command/exec/terminate", { processId: "p" })).result)
      })
    )
  }

  it.live("holds back a command whose client does not read, and nobody else's", () =>
    Effect.gen(function* () {
      const { client, processes, url } = yield* connected
      yield* client.send({
        id: 1,
        method: "command/exec",
        params: {
          command: ["x"],
          processId: "p",
          streamStdoutStderr: true,
          disableOutputCap: true,
          disableTimeout: true
        }
      })
      const process = yield* until("the process", 2000, () => processes[0])
      let paused = false
      process.output.attach({ pause: () => (paused = true), resume: () => (paused = false) })
      client.webSocket.pause()
      const chunk = "x".repeat(64 * 1024)
      let sent = 0
      yield* until("the back-pressure", 5000, () => {
        if (paused) return true
        Effect.runSync(process.writes(chunk))
        sent += chunk.length
        return undefined
      })
      // what the kernel's socket buffers take, and ours
      assert.isBelow(sent, 32 * 1024 * 1024)
      const other = yield* connect(url)
      yield* other.initialize()
      assert.isDefined((yield* other.request("mock/experimentalMethod", { value: "x" })).result)
      client.webSocket.resume()
      yield* until("the flow", 5000, () => (paused ? undefined : true))
      yield* process.finishes()
      yield* client.response(1)
      const received = client.inbox
        .map((message) => Buffer.from(message.params.deltaBase64, "base64").length)
        .reduce((sum, length) => sum + length, 0)
      assert.strictEqual(received, sent)
    })
  )

  it.live("says goodbye with 1001 when it stops, and ends everything", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { port, processes, url } = yield* listen.pipe(Scope.provide(scope))
      const client = yield* connect(url)
      yield* client.initialize()
      yield* client.send({ id: 1, method: "command/exec", params: { command: ["x"] } })
      yield* until("the process", 2000, () => processes[0])
      yield* Scope.close(scope, Exit.void)
      assert.isTrue(processes[0]!.released)
      assert.strictEqual(yield* client.close, 1001)
      const refused = yield* raw(port, "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n", /\r\n\r\n/)
      assert.strictEqual(refused, "")
    })
  )

  it.live("says so when the port is taken", () =>
    Effect.gen(function* () {
      const { port } = yield* listen
      const again = WebSocketTransport.layer({ host: "127.0.0.1", port }).pipe(
        Layer.provide(Scripted.dispatcher(ScriptedSpawner.make()))
      )
      assert.deepInclude(yield* Effect.flip(Layer.build(again)), {
        _tag: "ListenError",
        message: "Address in use (os error 98)"
      })
    })
  )

  it.live("does not listen where other machines could come in without auth, whoever starts it", () =>
    Effect.gen(function* () {
      const codexHome = yield* temporaryDirectory
      const message = (at: string) =>
        `refusing to start non-loopback websocket listener ${at} without auth; configure \`--ws-auth capability-token\` or \`--ws-auth signed-bearer-token\``
      for (const [host, at] of [
        ["0.0.0.0", "0.0.0.0:0"],
        ["::", "[::]:0"],
        // names are resolved by somebody else
        ["localhost", "localhost:0"],
        ["127.example.com", "127.example.com:0"]
      ] as const) {
        const transport = WebSocketTransport.layer(
          { host, port: 0 },
          { allowedOrigins: ["https://a.example"] }
        )
        const server = AppServer.layer({ listen: { host, port: 0 }, codexHome, overrides: {} })
        for (const layer of [
          Layer.provide(transport, Scripted.dispatcher(ScriptedSpawner.make())),
          Layer.provide(server, Logger.layer([]))
        ]) {
          const error = yield* Effect.flip(Layer.build(layer))
          assert.deepInclude(error, { _tag: "UnprotectedAddress", message: message(at) })
        }
      }
    })
  )
})
