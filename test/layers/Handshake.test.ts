/** From the bytes of a request to the WebSocket, or to the refusal: over bare sockets, with scripted processes behind. */
import * as net from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as CapabilityToken from "../../src/layers/auth/CapabilityToken.ts"
import type { TokenCheck } from "../../src/layers/auth/ConnectionAuth.ts"
import { WebSocketTransport, type Access } from "../../src/layers/WebSocketTransport.ts"
import * as Limits from "../../src/services/Limits.ts"
import { until } from "../support/harness.ts"
import { ask, requestText, untilClosed, upgradeHeaders } from "../support/rawHttp.ts"
import * as Raw from "../support/rawWebSocket.ts"
import * as Scripted from "../support/scripted.ts"
import * as ScriptedSpawner from "../support/ScriptedSpawner.ts"

const listen = Effect.fnUntraced(function* (
  options: { readonly access?: Access; readonly host?: string; readonly limits?: Partial<Limits.Limits> } = {}
) {
  const context = yield* Layer.build(
    WebSocketTransport.layer({ host: options.host ?? "127.0.0.1", port: 0 }, options.access).pipe(
      Layer.provide([Scripted.dispatcher(ScriptedSpawner.make()), Limits.layer(options.limits)])
    )
  )
  return Context.get(context, WebSocketTransport).port
})

/** Status and body. */
const answer = (port: number, bytes: string, host?: string) =>
  Effect.map(ask(port, bytes, host), ({ body, status }) => [status, body] as const)

const UPGRADED = [101, ""] as const
const MALFORMED_HOST = [400, "Host header missing, repeated or malformed"] as const
const FOREIGN_HOST = [
  403,
  "This server is for its own machine: connect to localhost or 127.0.0.1, or start it with --ws-auth for other hosts"
] as const
const bad = (body: string) => [400, body] as const
const NO_CONNECTION = bad("Connection header did not include 'upgrade'")
const NO_UPGRADE = bad("`Upgrade` header did not include 'websocket'")
const NO_VERSION = bad("`Sec-WebSocket-Version` header did not include '13'")
const BAD_KEY = bad("Missing or invalid Sec-WebSocket-Key header")

const TOKEN = "a token"
const withToken: Access = { auth: CapabilityToken.make(CapabilityToken.digest(TOKEN)) }
const ORIGIN = "https://a.example"
const withPages: Access = {
  ...withToken,
  allowedOrigins: [ORIGIN, "http://localhost:3000", "http://[::1]:3000"]
}
const AUTHORIZED = `Authorization: Bearer ${TOKEN}`
const offer = (token: string) => `bearer.${Buffer.from(token).toString("base64url")}`

type Row = readonly [what: string, bytes: string, expected: readonly [number, string]]

const handshake = (what: string, headers: ReadonlyArray<string>, expected: Row[2]): Row => [
  what,
  requestText(headers),
  expected
]
const line = (line: string, expected: Row[2], headers = upgradeHeaders()): Row => [
  line,
  requestText(headers, line),
  expected
]
const withHost = (...hosts: ReadonlyArray<string>) => [
  ...hosts.map((host) => `Host: ${host}`),
  ...upgradeHeaders("Host")
]

describe("a request for a WebSocket", () => {
  const forms: ReadonlyArray<Row> = [
    handshake("all that is needed", upgradeHeaders(), UPGRADED),
    handshake(
      "names and values in any case",
      upgradeHeaders().map((header) => header.replace(/^(Connection|Upgrade): .*/i, (h) => h.toUpperCase())),
      UPGRADED
    ),
    handshake("no Connection", upgradeHeaders("Connection"), NO_CONNECTION),
    handshake("Connection: close", ["Connection: close", ...upgradeHeaders("Connection")], NO_CONNECTION),
    handshake(
      "Connection: keep-alive, Upgrade",
      ["Connection: keep-alive, Upgrade", ...upgradeHeaders("Connection")],
      UPGRADED
    ),
    handshake(
      "Connection twice",
      ["Connection: keep-alive", ...upgradeHeaders("Connection"), "Connection: Upgrade"],
      UPGRADED
    ),
    handshake("no Upgrade", upgradeHeaders("Upgrade"), NO_UPGRADE),
    handshake("another Upgrade", ["Upgrade: h2c", ...upgradeHeaders("Upgrade")], NO_UPGRADE),
    handshake("an empty Upgrade", ["Upgrade:", ...upgradeHeaders("Upgrade")], NO_UPGRADE),
    handshake("no version", upgradeHeaders("Sec-WebSocket-Version"), NO_VERSION),
    ...["8", "12", "14", "013", "", "13, 13", "x"].map((version) =>
      handshake(
        `version ${version}`,
        [`Sec-WebSocket-Version: ${version}`, ...upgradeHeaders("Sec-WebSocket-Version")],
        NO_VERSION
      )
    ),
    handshake("no key", upgradeHeaders("Sec-WebSocket-Key"), bad("`Sec-WebSocket-Key` header missing")),
    ...["", "x", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===", "dGhlIHNhbXBsZSBub25jZ!=="].map(
      (key) =>
        handshake(
          `the key "${key}"`,
          [`Sec-WebSocket-Key: ${key}`, ...upgradeHeaders("Sec-WebSocket-Key")],
          BAD_KEY
        )
    ),
    ...["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="].map(
      (key) => handshake(`a second ${key}`, [...upgradeHeaders(), key], BAD_KEY)
    ),
    handshake("two versions", [...upgradeHeaders(), "Sec-WebSocket-Version: 13"], NO_VERSION),
    handshake("two Upgrades", [...upgradeHeaders(), "Upgrade: h2c"], bad("Invalid Upgrade header")),
    ...[
      "no colon",
      ": no name",
      "blank : before the colon",
      " a folded line",
      "x: \0",
      "x: a\rb",
      "x: a\nOrigin: https://a.example",
      "Content-Length: 5\r\nTransfer-Encoding: chunked",
      "Content-Length: 5\r\nContent-Length: 6"
    ].map((header) =>
      handshake(`what is no header: ${JSON.stringify(header)}`, [...upgradeHeaders(), header], bad(""))
    ),
    handshake(
      "extensions and subprotocols that nobody takes",
      [...upgradeHeaders(), "Sec-WebSocket-Extensions: permessage-deflate", "Sec-WebSocket-Protocol: a, b"],
      UPGRADED
    ),
    handshake(
      "subprotocols that are none",
      [...upgradeHeaders(), "Sec-WebSocket-Protocol: a, a"],
      bad("Invalid Sec-WebSocket-Protocol header")
    ),
    handshake("a token that nobody asks for", [...upgradeHeaders(), AUTHORIZED], UPGRADED),
    line("POST / HTTP/1.1", [405, "Request method must be `GET`"]),
    line("HEAD / HTTP/1.1", [405, ""]),
    line("GET / HTTP/1.0", [
      426,
      "WebSocket request couldn't be upgraded since no upgrade state was present"
    ]),
    ...["GET / HTTP/2.0", "GET / HTTP/0.9", "GET / HTTP/1.2", "GET /", "GET /readyz HTTP/2.0"].map((text) =>
      line(text, bad(""))
    ),
    line("GET /some/where?x=y HTTP/1.1", UPGRADED),
    line("GET /readyz HTTP/1.1", [200, ""]),
    line("GET /healthz HTTP/1.1", [200, ""], [])
  ]

  for (const [what, bytes, expected] of forms) {
    it.live(`with ${what}: ${expected[0]}`, () =>
      Effect.gen(function* () {
        const found = yield* answer(yield* listen(), bytes)
        assert.deepStrictEqual(found, bytes.startsWith("HEAD") ? [expected[0], found[1]] : expected)
      })
    )
  }

  const hosts: ReadonlyArray<Row> = [
    ...[
      "localhost",
      "LOCALHOST:1",
      "localhost.",
      "127.0.0.1.:80",
      "127.8.9.10",
      "[::1]:4500",
      "[0:0::1]"
    ].map((host) => handshake(`Host: ${host}`, withHost(host), UPGRADED)),
    ...["evil.example", "evil.example:4500", "192.168.1.2", "[::2]", "0.0.0.0:4500", "localhost.evil"].map(
      (host) => handshake(`Host: ${host}`, withHost(host), FOREIGN_HOST)
    ),
    handshake("no Host", withHost(), MALFORMED_HOST),
    handshake("an empty Host", withHost(""), MALFORMED_HOST),
    handshake("two Hosts", withHost("localhost", "evil.example"), MALFORMED_HOST),
    handshake("one Host twice", withHost("localhost", "localhost"), MALFORMED_HOST),
    handshake("a Host with a user", withHost("localhost@evil.example"), MALFORMED_HOST),
    handshake("a Host that is a list", withHost("localhost, evil.example"), MALFORMED_HOST),
    line("GET http://localhost:1/ HTTP/1.1", UPGRADED),
    line("GET HTTP://[::1]/x HTTP/1.1", UPGRADED),
    line("GET http://evil.example/ HTTP/1.1", FOREIGN_HOST),
    line("GET http://localhost/ HTTP/1.1", FOREIGN_HOST, withHost("evil.example")),
    line("GET http://user@localhost/ HTTP/1.1", MALFORMED_HOST),
    line("GET http://evil.example/readyz HTTP/1.1", [200, ""], withHost("evil.example")),
    line("GET /healthz HTTP/1.1", [200, ""], withHost("evil.example")),
    line("GET /readyz HTTP/1.1", [200, ""], withHost("a", "b"))
  ]
  for (const [what, bytes, expected] of hosts) {
    it.live(`with ${what}: ${expected[0]}, while everybody may connect`, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* answer(yield* listen(), bytes), expected)
      })
    )
  }

  it.live("may name the IPv6 address on which the server listens, or any loopback name", () =>
    Effect.gen(function* () {
      const port = yield* listen({ host: "::1" })
      for (const host of [`[::1]:${port}`, "localhost", "127.0.0.1"]) {
        assert.deepStrictEqual(yield* answer(port, requestText(withHost(host)), "::1"), UPGRADED)
      }
      assert.deepStrictEqual(yield* answer(port, requestText(withHost("[::2]")), "::1"), FOREIGN_HOST)
    })
  )

  it.live("may be for any host where tokens are asked for", () =>
    Effect.gen(function* () {
      const port = yield* listen({ access: withToken })
      for (const host of [["server.example:443"], [], ["a", "b"]]) {
        const headers = [...withHost(...host), AUTHORIZED]
        assert.deepStrictEqual(yield* answer(port, requestText(headers)), UPGRADED)
      }
    })
  )

  it.live("is refused with an Origin, wherever it stands and whatever it is", () =>
    Effect.gen(function* () {
      for (const access of [undefined, withToken]) {
        const port = yield* listen({ ...(access && { access }) })
        for (const origin of ["null", "", ORIGIN, `http://127.0.0.1:${port}`, "x".repeat(8000)]) {
          const headers = [...upgradeHeaders(), AUTHORIZED, `oRIGIN:${origin}`]
          for (const target of ["/", "/readyz", "http://localhost/"]) {
            for (const method of ["GET", "POST"]) {
              assert.deepStrictEqual(
                yield* answer(port, requestText(headers, `${method} ${target} HTTP/1.1`)),
                [403, ""]
              )
            }
          }
        }
        // behind the 2000 headers that Node keeps by default
        const many = Array.from({ length: 2100 }, () => "a:")
        assert.deepStrictEqual(
          yield* answer(port, requestText([...upgradeHeaders(), ...many, `Origin: ${ORIGIN}`])),
          [403, ""]
        )
      }
    })
  )

  it.live("is refused in order: Origin, route, method, form, token", () =>
    Effect.gen(function* () {
      const port = yield* listen({ access: withToken })
      const at = (headers: ReadonlyArray<string>, line?: string) => answer(port, requestText(headers, line))
      assert.deepStrictEqual(yield* at(["Origin: x"], "PUT / HTTP/1.1"), [403, ""])
      assert.deepStrictEqual(yield* at([], "PUT /readyz HTTP/1.1"), [405, ""])
      assert.deepStrictEqual(yield* at([], "PUT / HTTP/1.1"), [405, "Request method must be `GET`"])
      assert.deepStrictEqual(yield* at([]), NO_CONNECTION)
      assert.deepStrictEqual(yield* at(upgradeHeaders()), [401, "missing websocket bearer token"])
      assert.deepStrictEqual(yield* at([...upgradeHeaders(), "Authorization: Basic x"]), [
        401,
        "invalid authorization header"
      ])
      assert.deepStrictEqual(yield* at([...upgradeHeaders(), "Authorization: Bearer x"]), [
        401,
        "invalid websocket bearer token"
      ])
      assert.deepStrictEqual(yield* at([...upgradeHeaders(), "Authorization: Bearer x", AUTHORIZED]), [
        401,
        "invalid websocket bearer token"
      ])
      assert.deepStrictEqual(yield* at(upgradeHeaders(), `GET /?token=${TOKEN.split(" ")[1]} HTTP/1.1`), [
        401,
        "missing websocket bearer token"
      ])
      assert.deepStrictEqual(yield* at([...upgradeHeaders(), AUTHORIZED]), UPGRADED)
    })
  )
})

describe("while its token is judged", () => {
  /** Judges nobody before it is told to; how many wait. */
  const slow = Effect.sync(() => {
    const latch = Latch.makeUnsafe(false)
    const waiting = { count: 0 }
    const auth: TokenCheck = () =>
      Effect.suspend(() => {
        waiting.count++
        return Effect.onExit(latch.await, () => Effect.sync(() => void waiting.count--))
      })
    return { access: { auth }, latch, waiting }
  })
  const hello = requestText([...upgradeHeaders(), AUTHORIZED])

  it.live("a client loses nothing that it sends already", () =>
    Effect.gen(function* () {
      const { access, latch, waiting } = yield* slow
      const port = yield* listen({ access })
      const socket = yield* Effect.acquireRelease(
        Effect.sync(() => net.connect({ port, host: "127.0.0.1", noDelay: true })),
        (socket) => Effect.sync(() => socket.destroy())
      )
      let heard = Buffer.alloc(0)
      socket.on("data", (chunk) => (heard = Buffer.concat([heard, chunk])))
      socket.write(
        Buffer.concat([
          Buffer.from(hello),
          Raw.frame(Raw.PING, "one"),
          Raw.frame(Raw.PING, "two").subarray(0, 3)
        ])
      )
      yield* until("the question", 2000, () => (waiting.count === 1 ? true : undefined))
      yield* Effect.callback<void>((resume) => {
        const more = [Raw.frame(Raw.PING, "two").subarray(3), Raw.frame(Raw.PING, "three")]
        socket.write(Buffer.concat(more), () => resume(Effect.void))
      })
      yield* ask(port, requestText(["Host: x"], "GET /readyz HTTP/1.1"))
      assert.strictEqual(heard.length, 0)
      yield* latch.open
      const pongs = yield* until("three pongs", 2000, () =>
        heard.includes("three") ? heard.subarray(heard.indexOf("\r\n\r\n") + 4) : undefined
      )
      assert.strictEqual(pongs.toString("latin1"), "\x8a\x03one\x8a\x03two\x8a\x05three")
    })
  )

  it.live("a client is disconnected if that cannot be done", () =>
    Effect.gen(function* () {
      const port = yield* listen({ access: { auth: () => Effect.die("a defect") } })
      assert.strictEqual((yield* untilClosed(port, hello, 1000)).text, "")
    })
  )

  it.live("a client may vanish, and the server may end", () =>
    Effect.gen(function* () {
      const { access, latch, waiting } = yield* slow
      const scope = yield* Scope.make()
      const port = yield* listen({ access }).pipe(Scope.provide(scope))
      const sockets = ["resets", "ends", "stays"].map(() => net.connect(port, "127.0.0.1"))
      for (const socket of sockets) {
        socket.on("error", () => {})
        socket.write(hello)
      }
      yield* until("the questions", 2000, () => (waiting.count === 3 ? true : undefined))
      sockets[0]!.resetAndDestroy()
      sockets[1]!.end()
      yield* ask(port, requestText(["Host: x"], "GET /readyz HTTP/1.1"))
      yield* Effect.timeout(Scope.close(scope, Exit.void), 2000)
      assert.strictEqual(waiting.count, 0)
      yield* latch.open
      for (const socket of sockets) socket.destroy()
    })
  )
})

describe("a page of an allowed origin", () => {
  const page = (...headers: ReadonlyArray<string>) => [...upgradeHeaders(), ...headers]

  it.live("connects with its token as a subprotocol, which is not sent back", () =>
    Effect.gen(function* () {
      const port = yield* listen({ access: withPages })
      for (const protocols of [
        `effect-app-server, ${offer(TOKEN)}`,
        `${offer(TOKEN)},effect-app-server`,
        `other, ${offer(TOKEN)}, effect-app-server`
      ]) {
        const { head, status } = yield* ask(
          port,
          requestText(page(`Origin: ${ORIGIN}`, `Sec-WebSocket-Protocol: ${protocols}`))
        )
        assert.strictEqual(status, 101)
        assert.match(head, /^sec-websocket-protocol: effect-app-server$/im)
        assert.notInclude(head, "bearer")
      }
      const { head, status } = yield* ask(
        port,
        requestText(page(`Origin: ${ORIGIN}`, `Sec-WebSocket-Protocol: ${offer(TOKEN)}`))
      )
      assert.strictEqual(status, 101)
      assert.notMatch(head, /sec-websocket-protocol/i)
    })
  )

  it.live("is the only one for which there are subprotocols", () =>
    Effect.gen(function* () {
      const port = yield* listen({ access: withToken })
      const protocols = `Sec-WebSocket-Protocol: effect-app-server, ${offer(TOKEN)}`
      const { head, status } = yield* ask(port, requestText(page(protocols, AUTHORIZED)))
      assert.strictEqual(status, 101)
      assert.notMatch(head, /sec-websocket-protocol/i)
      assert.deepStrictEqual(yield* answer(port, requestText(page(protocols))), [
        401,
        "missing websocket bearer token"
      ])
    })
  )

  it.live("needs a token, that of the header before that of the subprotocol", () =>
    Effect.gen(function* () {
      const port = yield* listen({ access: withPages })
      const at = (...headers: ReadonlyArray<string>) =>
        answer(port, requestText(page(`Origin: ${ORIGIN}`, ...headers)))
      const protocols = (token: string) => `Sec-WebSocket-Protocol: effect-app-server, ${offer(token)}`
      assert.deepStrictEqual(yield* at(), [401, "missing websocket bearer token"])
      assert.deepStrictEqual(yield* at("Sec-WebSocket-Protocol: effect-app-server"), [
        401,
        "missing websocket bearer token"
      ])
      assert.deepStrictEqual(yield* at(protocols("wrong")), [401, "invalid websocket bearer token"])
      assert.deepStrictEqual(yield* at(protocols("wrong"), AUTHORIZED), UPGRADED)
      assert.deepStrictEqual(yield* at(protocols(TOKEN), "Authorization: Bearer wrong"), [
        401,
        "invalid websocket bearer token"
      ])
      assert.deepStrictEqual(yield* at("Sec-WebSocket-Protocol: bearer.!!"), [
        401,
        "invalid authorization header"
      ])
    })
  )

  it.live("is the only one that connects", () =>
    Effect.gen(function* () {
      const port = yield* listen({ access: withPages })
      for (const origins of [
        ["null"],
        [""],
        ["https://a.example.evil"],
        ["https://a.example."],
        ["a.example"],
        ["http://localhost"],
        ["http://localhost:3001"],
        ["http://localhost.:3000"],
        ["http://127.0.0.1:3000"],
        ["http://[::1]"],
        ["http://[::1]:3001"],
        ["http://[0:0:0:0:0:0:0:1]:3000"],
        ["http://[::ffff:127.0.0.1]:3000"],
        ["https://A.example"],
        ["http://a.example"],
        ["https://a.example:443"],
        ["https://a.example/"],
        [ORIGIN, ORIGIN],
        [ORIGIN, "https://evil.example"],
        [`${ORIGIN}, ${ORIGIN}`]
      ]) {
        const headers = page(AUTHORIZED, ...origins.map((origin) => `Origin: ${origin}`))
        assert.deepStrictEqual(yield* answer(port, requestText(headers)), [403, ""])
      }
      for (const origin of withPages.allowedOrigins!) {
        assert.deepStrictEqual(
          yield* answer(port, requestText(page(AUTHORIZED, `Origin: ${origin}`))),
          UPGRADED
        )
      }
    })
  )
})

describe("who is slow or greedy", () => {
  const limits = { handshakeTimeoutMs: 200 }
  const SLOW = /^HTTP\/1\.1 408 /

  it.live("with the headers is answered 408 and closed, or just closed", () =>
    Effect.gen(function* () {
      const port = yield* listen({ limits })
      const whole = requestText(upgradeHeaders())
      for (const [bytes, answered] of [
        ["", SLOW],
        ["G", SLOW],
        ["GET / HT", SLOW],
        [whole.slice(0, -2), SLOW],
        [`${requestText(["Host: x"], "GET /readyz HTTP/1.1")}GET`, /^HTTP\/1\.1 200 [^]*HTTP\/1\.1 408 /],
        // the body of a request that is answered
        [requestText(["Content-Length: 5"], "POST / HTTP/1.1"), /^HTTP\/1\.1 405 /]
      ] as const) {
        const { ms, text } = yield* untilClosed(port, bytes)
        assert.match(text, answered, JSON.stringify(bytes))
        assert.isAbove(ms, 190)
      }
    })
  )

  it.live("byte by byte is not given more time", () =>
    Effect.gen(function* () {
      const port = yield* listen({ limits })
      const text = yield* Effect.callback<string>((resume) => {
        let text = ""
        const socket = net.connect(port, "127.0.0.1")
        const timer = setInterval(() => socket.write("x"), 20)
        socket.write("GET / HTTP/1.1\r\nx: ")
        socket.on("data", (chunk) => (text += chunk.toString()))
        socket.on("error", () => {})
        socket.on("close", () => {
          clearInterval(timer)
          resume(Effect.succeed(text))
        })
      })
      assert.match(text, SLOW)
    })
  )

  it.live("may take its time once it is connected", () =>
    Effect.gen(function* () {
      const port = yield* listen({ limits })
      const early = yield* Effect.callback<boolean>((resume) => {
        const socket = net.connect(port, "127.0.0.1", () => socket.write(requestText(upgradeHeaders())))
        let closed = false
        socket.on("close", () => (closed = true))
        // longer than a header may take, and than the check for that
        setTimeout(() => {
          socket.destroy()
          resume(Effect.succeed(closed))
        }, 500)
      })
      assert.isFalse(early)
    })
  )

  it.live("sends at most 16 KiB of headers", () =>
    Effect.gen(function* () {
      const port = yield* listen()
      const padded = (bytes: number) => {
        const rest = requestText([...upgradeHeaders(), "x: "]).length
        return requestText([...upgradeHeaders(), `x: ${"y".repeat(bytes - rest)}`])
      }
      assert.deepStrictEqual(yield* answer(port, padded(15 * 1024)), UPGRADED)
      for (const flood of [
        padded(17 * 1024),
        requestText(["Host: x"], `GET /${"y".repeat(17 * 1024)} HTTP/1.1`),
        requestText(Array.from({ length: 20_000 }, () => "a:"))
      ]) {
        const { text } = yield* untilClosed(port, flood)
        assert.match(text, /^(HTTP\/1\.1 431 |$)/)
      }
      assert.match((yield* ask(port, padded(17 * 1024))).head, /^HTTP\/1\.1 431 /)
    })
  )

  it.live("and was refused is disconnected, even if it does not hang up", () =>
    Effect.gen(function* () {
      const port = yield* listen({ access: withToken, limits: { maxConnections: 0 } })
      for (const [headers, status] of [
        [upgradeHeaders(), 401],
        [upgradeHeaders("Sec-WebSocket-Version"), 400],
        [[...upgradeHeaders(), "Origin: x"], 403],
        [[...upgradeHeaders(), AUTHORIZED], 503]
      ] as const) {
        const { text } = yield* untilClosed(port, requestText(headers), 1000)
        assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} `))
      }
    })
  )

  it.live("makes room for others: of too many that do not ask for anything the oldest goes", () =>
    Effect.gen(function* () {
      const port = yield* listen({ limits: { maxPendingSockets: 3 } })
      const gone: Array<number> = []
      const open = (index: number) =>
        Effect.callback<net.Socket>((resume) => {
          const socket = net.connect(port, "127.0.0.1", () => resume(Effect.succeed(socket)))
          socket.on("error", () => {})
          socket.on("close", () => gone.push(index))
        })
      const sockets: Array<net.Socket> = []
      // those that are upgraded do not count
      const upgraded = yield* open(-1)
      upgraded.write(requestText(upgradeHeaders()))
      yield* Effect.callback<void>((resume) => {
        upgraded.once("data", () => resume(Effect.void))
      })
      for (let i = 0; i < 3; i++) sockets.push(yield* open(i))
      assert.deepStrictEqual(yield* answer(port, requestText(upgradeHeaders())), UPGRADED)
      yield* Effect.callback<void>((resume) => {
        if (gone.length > 0) resume(Effect.void)
        else sockets[0]!.once("close", () => resume(Effect.void))
      })
      assert.deepStrictEqual(gone, [0])
      for (const socket of [upgraded, ...sockets]) socket.destroy()
    })
  )

  it.live("does not hold up the end of the server", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const port = yield* listen({ access: withToken }).pipe(Scope.provide(scope))
      const sockets = [
        "",
        "GET",
        requestText(upgradeHeaders("Upgrade")),
        requestText([...upgradeHeaders(), AUTHORIZED])
      ].map((bytes) => {
        const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true }, () =>
          socket.write(bytes)
        )
        socket.on("error", () => {})
        return socket
      })
      assert.deepStrictEqual(yield* answer(port, requestText(upgradeHeaders())), [
        401,
        "missing websocket bearer token"
      ])
      yield* Effect.timeout(Scope.close(scope, Exit.void), 2000)
      for (const socket of sockets) socket.destroy()
    })
  )

  it.live("and vanishes in the middle harms nobody", () =>
    Effect.gen(function* () {
      const port = yield* listen({ access: withToken })
      for (const bytes of [
        "GET",
        requestText(upgradeHeaders()),
        requestText([...upgradeHeaders(), AUTHORIZED]),
        requestText(upgradeHeaders("Upgrade")),
        requestText(["Host: x"], "GET /readyz HTTP/1.1").repeat(1000)
      ]) {
        for (let i = 0; i < 5; i++) {
          yield* Effect.callback<void>((resume) => {
            const socket = net.connect(port, "127.0.0.1", () => {
              socket.write(bytes)
              socket.resetAndDestroy()
            })
            socket.on("error", () => {})
            socket.on("close", () => resume(Effect.void))
          })
        }
      }
      assert.deepStrictEqual(yield* answer(port, requestText([...upgradeHeaders(), AUTHORIZED])), UPGRADED)
    })
  )
})
