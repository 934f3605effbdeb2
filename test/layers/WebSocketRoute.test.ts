/** The server on somebody's HttpRouter, beside a group and a route of their own. */
import * as http from "node:http"
import * as net from "node:net"
import * as os from "node:os"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as NetAddress from "effect/net/NetAddress"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcClient from "effect/rpc/RpcClient"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as RpcSerialization from "effect/rpc/RpcSerialization"
import * as RpcServer from "effect/rpc/RpcServer"
import * as AppServer from "../../src/layers/AppServer.ts"
import * as CapabilityToken from "../../src/layers/auth/CapabilityToken.ts"
import * as WebSocketRoute from "../../src/layers/WebSocketRoute.ts"
import type { Access } from "../../src/layers/WebSocketTransport.ts"
import type { Limits } from "../../src/services/Limits.ts"
import { connect, until } from "../support/harness.ts"

const UPGRADE = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ=="
}

class Greetings extends RpcGroup.make(
  Rpc.make("greet", { payload: { name: Schema.String }, success: Schema.String })
) {}

const layerGreetings = RpcServer.layerHttp({ group: Greetings, path: "/greetings", protocol: "http" }).pipe(
  Layer.provide(Greetings.toLayer({ greet: ({ name }) => Effect.succeed(`hello ${name}`) }))
)

/** Programs that have begun and not ended. */
let running = 0
const sleep = () =>
  Effect.acquireUseRelease(
    Effect.sync(() => void running++),
    () => Effect.never,
    () => Effect.sync(() => void running--)
  )

/** Where other machines could reach this one. */
const OUTSIDE = Object.values(os.networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address

interface Options {
  readonly access?: Access
  readonly host?: string
  readonly limits?: Partial<Limits>
}

/** Serves until the Scope ends; its end waits no longer than for the connections. */
const serve = Effect.fnUntraced(function* ({ access, host = "127.0.0.1", limits }: Options = {}) {
  const routes = Layer.mergeAll(
    HttpRouter.add("GET", "/", HttpServerResponse.text("theirs")),
    layerGreetings,
    WebSocketRoute.layer("/codex", access)
  )
  const context = yield* Layer.build(
    HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }).pipe(
      Layer.provide(AppServer.layerTest({ sleep }, limits)),
      Layer.provide(RpcSerialization.layerNdjson),
      Layer.provideMerge(
        NodeHttpServer.layer(http.createServer, { host, port: 0, disablePreemptiveShutdown: true })
      )
    )
  )
  const { address } = Context.get(context, HttpServer.HttpServer)
  if (NetAddress.isUnixPathAddress(address)) return yield* Effect.die("not a port")
  const { port } = address
  return { port, url: `ws://127.0.0.1:${port}/codex` }
})

/** The status and the text that a request is answered with. */
const get = (port: number, path: string, headers: http.OutgoingHttpHeaders = {}, host = "127.0.0.1") =>
  Effect.callback<readonly [status: number | undefined, body: string]>((resume) => {
    const request = http.get({ host, port, path, headers, agent: false }, (response) => {
      let body = ""
      response.on("data", (chunk: Buffer) => (body += chunk.toString()))
      response.on("end", () => resume(Effect.succeed([response.statusCode, body])))
    })
    request.on("upgrade", (_, socket) => {
      socket.destroy()
      resume(Effect.succeed([101, ""]))
    })
    request.on("error", (error) => resume(Effect.die(error)))
  })

describe("WebSocketRoute", () => {
  it.live("serves clients on the port of an HttpRouter, whose own routes and groups go on", () =>
    Effect.gen(function* () {
      const { port, url } = yield* serve()
      const client = yield* connect(url)
      yield* client.initialize()
      yield* client.send({ id: 1, method: "command/exec", params: { command: ["sleep"], processId: "p" } })
      yield* until("the program", 5000, () => running === 1 || undefined)

      assert.deepStrictEqual(yield* get(port, "/"), [200, "theirs"])
      const protocol = RpcClient.layerProtocolHttp({ url: `http://127.0.0.1:${port}/greetings` }).pipe(
        Layer.provide([FetchHttpClient.layer, RpcSerialization.layerNdjson])
      )
      const greetings = yield* Effect.provide(RpcClient.make(Greetings), yield* Layer.build(protocol))
      assert.strictEqual(yield* greetings.greet({ name: "you" }), "hello you")

      yield* client.request("command/exec/terminate", { processId: "p" })
      const { result } = yield* client.response(1)
      assert.strictEqual(result.exitCode, 137)
    })
  )

  it.live("answers what is no upgrade, and the upgrade of what is no route", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const [status, body] = yield* get(port, "/codex")
      assert.deepStrictEqual([status, body], [400, "Connection header did not include 'upgrade'"])
      assert.deepInclude(yield* get(port, "/codex", { ...UPGRADE, "sec-websocket-version": "8" }), 400)
      assert.deepInclude(yield* get(port, "/elsewhere", UPGRADE), 404)
      assert.deepInclude(yield* get(port, "/codex", UPGRADE), 101)
    })
  )

  it.live("refuses pages, other names of this machine, and more clients than it has room for", () =>
    Effect.gen(function* () {
      const { port, url } = yield* serve({ limits: { maxConnections: 1 } })
      assert.deepInclude(yield* get(port, "/codex", { ...UPGRADE, origin: "http://localhost" }), 403)
      assert.deepInclude(yield* get(port, "/codex", { ...UPGRADE, host: "example.com" }), 403)
      yield* connect(url)
      assert.deepInclude(yield* get(port, "/codex", UPGRADE), 503)
      assert.deepStrictEqual(yield* get(port, "/"), [200, "theirs"])
    })
  )

  it.live.skipIf(OUTSIDE === undefined)("is for this machine alone unless there is auth", () =>
    Effect.gen(function* () {
      const host = "0.0.0.0"
      const open = yield* serve({ host })
      const claim = { ...UPGRADE, host: "localhost" }
      assert.deepInclude(yield* get(open.port, "/codex", claim, OUTSIDE), 403)
      assert.deepInclude(yield* get(open.port, "/codex", claim), 101)
      const guarded = yield* serve({ host, access: { auth: () => Effect.void } })
      const bearer = { ...UPGRADE, authorization: "Bearer any" }
      assert.deepInclude(yield* get(guarded.port, "/codex", bearer, OUTSIDE), 101)
    })
  )

  it.live("lets clients with a token in, and without one nobody", () =>
    Effect.gen(function* () {
      const auth = CapabilityToken.make(CapabilityToken.digest("secret"))
      const { port, url } = yield* serve({ access: { auth } })
      const refused = yield* get(port, "/codex", UPGRADE)
      assert.deepStrictEqual(refused, [401, "missing websocket bearer token"])
      const client = yield* connect(url, { authorization: "Bearer secret" })
      assert.isDefined((yield* client.initialize()).result)
    })
  )

  it.live("ends what a client started when it leaves", () =>
    Effect.gen(function* () {
      const { url } = yield* serve()
      const client = yield* connect(url)
      yield* client.initialize()
      yield* client.send({ id: 1, method: "command/exec", params: { command: ["sleep"] } })
      yield* until("the program", 5000, () => running === 1 || undefined)
      client.vanish()
      yield* until("its end", 5000, () => running === 0 || undefined)
    })
  )

  it.live("closes its connections with 1001 when the server stops, at once", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { port, url } = yield* Scope.provide(serve(), scope)
      const client = yield* connect(url)
      yield* client.initialize()
      yield* client.send({ id: 1, method: "command/exec", params: { command: ["sleep"] } })
      yield* until("the program", 5000, () => running === 1 || undefined)
      const [time] = yield* Effect.timed(Scope.close(scope, Exit.void))
      assert.strictEqual(yield* client.close, 1001)
      assert.strictEqual(running, 0)
      assert.lengthOf(client.inbox, 0)
      assert.isBelow(Duration.toMillis(time), 2000)
      const gone = yield* Effect.callback<string | undefined>((resume) => {
        const socket = net.connect(port, "127.0.0.1")
        socket.on("connect", () => resume(Effect.succeed(undefined)))
        socket.on("error", ({ code }: NodeJS.ErrnoException) => resume(Effect.succeed(code)))
      })
      assert.strictEqual(gone, "ECONNREFUSED")
    })
  )
})
