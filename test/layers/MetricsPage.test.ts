/** `GET /metrics`: what it shows, and to whom. */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Schema from "effect/Schema"
import type { IncomingMessage } from "node:http"
import * as path from "node:path"
import * as AppServer from "../../src/layers/AppServer.ts"
import * as CapabilityToken from "../../src/layers/auth/CapabilityToken.ts"
import * as MetricsPage from "../../src/layers/MetricsPage.ts"
import { UnixTransport } from "../../src/layers/UnixTransport.ts"
import { WebSocketTransport, type WebSocketOptions } from "../../src/layers/WebSocketTransport.ts"
import * as Metrics from "../../src/services/Metrics.ts"
import { connect, temporaryDirectory } from "../support/harness.ts"
import * as Prometheus from "../support/prometheus.ts"
import { ask, requestText, untilClosed, upgradeHeaders } from "../support/rawHttp.ts"
import { RUNS } from "../support/runs.ts"

const TOKEN = "a token that nobody guesses"
const LOCAL = ["Host: 127.0.0.1"]
const PAGE = "GET /metrics HTTP/1.1"

/** A server with a registry of its own. */
const layerServer = AppServer.layerTest({
  say: ({ write }) => Effect.as(Effect.andThen(write("hello"), write("oh", "stderr")), 0)
}).pipe(Layer.provide(Metrics.layer))
const registry = () => Layer.succeed(Metric.MetricRegistry, new Map())

const serve = Effect.fnUntraced(function* (options: WebSocketOptions = { metrics: true }) {
  const context = yield* Layer.build(
    WebSocketTransport.layer({ host: "127.0.0.1", port: 0 }, options).pipe(
      Layer.provide(layerServer),
      Layer.provide(registry())
    )
  )
  const { port } = Context.get(context, WebSocketTransport)
  return {
    port,
    url: `ws://127.0.0.1:${port}`,
    /** The answer to a request with these headers. */
    get: (headers: ReadonlyArray<string> = LOCAL, line = PAGE) => ask(port, requestText(headers, line))
  }
})

const GUARDED = [
  "cache-control: no-store",
  "cross-origin-resource-policy: same-origin",
  "x-content-type-options: nosniff"
]
const assertGuarded = (head: string) => {
  for (const header of GUARDED) assert.include(head, `\r\n${header}\r\n`)
}

describe("GET /metrics", () => {
  it.live("shows what is counted, as Prometheus reads it", () =>
    Effect.gen(function* () {
      const { get, url } = yield* serve()
      const client = yield* connect(url)
      yield* client.initialize()
      yield* client.request("command/exec", { command: ["say"] })
      yield* client.request("command/exec", { command: ["say"], tty: true, processId: "t" })
      yield* client.request("command/exec", { command: ["missing"] })
      const { body, head, status } = yield* get()
      assert.strictEqual(status, 200)
      assert.include(head, "\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8\r\n")
      assertGuarded(head)
      const page = Prometheus.parse(body)
      const value = (name: string, labels = {}) =>
        Prometheus.valueIn(page, `effect_app_server_${name}`, labels)
      assert.strictEqual(value("connections"), 1)
      assert.strictEqual(value("requests_total", { method: "command/exec" }), 3)
      assert.strictEqual(value("errors_total", { code: "-32603" }), 1)
      assert.strictEqual(value("errors_total", { code: "-32600" }), 0)
      assert.strictEqual(value("processes_total", { kind: "pipe" }), 1)
      assert.strictEqual(value("processes_total", { kind: "terminal" }), 1)
      assert.strictEqual(value("output_bytes_total", { stream: "stderr" }), 2)
      assert.strictEqual(value("request_duration_seconds_count", { method: "command/exec" }), 3)
      assert.strictEqual(value("request_duration_seconds_bucket", { method: "command/exec", le: "+Inf" }), 3)
    })
  )

  it.live("is for GET and HEAD", () =>
    Effect.gen(function* () {
      const { get, port } = yield* serve()
      for (const target of ["/metrics", "/metrics?x=y", "http://localhost/metrics"]) {
        assert.strictEqual((yield* get(LOCAL, `GET ${target} HTTP/1.1`)).status, 200)
      }
      const head = requestText([...LOCAL, "Connection: close"], "HEAD /metrics HTTP/1.1")
      const { text } = yield* untilClosed(port, head)
      assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*\r\ncontent-length: [1-9][^]*\r\n\r\n$/)
      for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
        const refused = yield* get([...LOCAL, "Content-Length: 0"], `${method} /metrics HTTP/1.1`)
        assert.strictEqual(refused.status, 405)
        assert.include(refused.head, "\r\nallow: GET,HEAD\r\n")
        assertGuarded(refused.head)
      }
    })
  )

  const BROWSERS = [
    "Origin: https://evil.example",
    "Origin: null",
    "Origin: http://127.0.0.1",
    "Origin: https://allowed.example",
    "Sec-Fetch-Site: none",
    "Sec-Fetch-Site: same-origin",
    "sec-fetch-mode: navigate",
    "SEC-FETCH-DEST: script",
    "Sec-Fetch-User: ?1",
    "Sec-Fetch-Storage-Access: active"
  ]
  const allowedOrigins = ["https://allowed.example"]

  it.live("is for no browser, with a token neither", () =>
    Effect.gen(function* () {
      const open = yield* serve()
      const auth = CapabilityToken.make(CapabilityToken.digest(TOKEN))
      const guarded = yield* serve({ metrics: true, auth, allowedOrigins })
      for (const header of BROWSERS) {
        for (const refused of [
          yield* open.get([...LOCAL, header]),
          yield* guarded.get([...LOCAL, header, `Authorization: Bearer ${TOKEN}`])
        ]) {
          assert.strictEqual(refused.status, 403, header)
          assertGuarded(refused.head)
          assert.notInclude(refused.body, "effect_app_server_")
        }
      }
    })
  )

  it.live("is for hosts of this machine while there are no tokens", () =>
    Effect.gen(function* () {
      const { get } = yield* serve()
      const foreign = yield* get(["Host: evil.example"])
      assert.strictEqual(foreign.status, 403)
      assertGuarded(foreign.head)
      assert.strictEqual((yield* get([])).status, 400)
      assert.strictEqual((yield* get(["Host: localhost:1"])).status, 200)
    })
  )

  it.live("asks for the token that clients are asked for", () =>
    Effect.gen(function* () {
      const auth = CapabilityToken.make(CapabilityToken.digest(TOKEN))
      const { get } = yield* serve({ metrics: true, auth, allowedOrigins })
      const status = (...headers: ReadonlyArray<string>) =>
        Effect.map(get(["Host: anywhere.example", ...headers]), ({ status }) => status)
      const offered = Buffer.from(TOKEN).toString("base64url")
      const refused = yield* get(LOCAL)
      assert.strictEqual(refused.status, 401)
      assert.strictEqual(refused.body, "missing websocket bearer token")
      assertGuarded(refused.head)
      assert.strictEqual(yield* status("Authorization: Bearer wrong"), 401)
      assert.strictEqual(yield* status(`Authorization: Basic ${TOKEN}`), 401)
      assert.strictEqual(yield* status(`Sec-WebSocket-Protocol: effect-app-server, bearer.${offered}`), 401)
      assert.strictEqual(yield* status(`Authorization: Bearer ${TOKEN}`), 200)
    })
  )

  it.live("does not keep waiting who asks when the token cannot be judged", () =>
    Effect.gen(function* () {
      const { get } = yield* serve({ metrics: true, auth: () => Effect.die(new Error("a fault")) })
      const { body, status } = yield* get([...LOCAL, "Authorization: Bearer any"])
      assert.deepStrictEqual([status, body], [0, "closed"])
    })
  )

  it.live("comes with the server of the library when it is asked for", () =>
    Effect.gen(function* () {
      for (const metrics of [true, undefined]) {
        const codexHome = yield* temporaryDirectory
        const context = yield* Layer.build(
          AppServer.layer({ listen: { host: "127.0.0.1", port: 0 }, codexHome, metrics }).pipe(
            Layer.provide(registry())
          )
        )
        const { port } = Context.get(context, WebSocketTransport)
        const client = yield* connect(`ws://127.0.0.1:${port}`)
        yield* client.initialize()
        const { body, status } = yield* ask(port, requestText(LOCAL, PAGE))
        assert.strictEqual(status, metrics ? 200 : 400)
        if (metrics) {
          const page = Prometheus.parse(body)
          assert.strictEqual(Prometheus.valueIn(page, "effect_app_server_connections"), 1)
        }
      }
    })
  )

  it.live("is a path like any other unless it is asked for", () =>
    Effect.gen(function* () {
      for (const metrics of [undefined, false]) {
        const { get } = yield* serve({ metrics })
        const answer = yield* get()
        const other = yield* get(LOCAL, "GET /other HTTP/1.1")
        assert.deepStrictEqual([answer.status, answer.body], [400, other.body])
        assert.notInclude(answer.head, "no-store")
      }
    })
  )

  it.live("leaves WebSockets and probes as they are", () =>
    Effect.gen(function* () {
      const { get, url } = yield* serve()
      const client = yield* connect(`${url}/metrics`)
      assert.isDefined((yield* client.initialize()).result)
      assert.strictEqual((yield* get(LOCAL, "GET /readyz HTTP/1.1")).status, 200)
      const { status } = yield* get([...upgradeHeaders(), "Origin: https://evil.example"])
      assert.strictEqual(status, 403)
    })
  )

  it.live("is on a unix socket, too", () =>
    Effect.gen(function* () {
      const socket = path.join(yield* temporaryDirectory, "s")
      yield* Layer.build(
        UnixTransport.layer(socket, { metrics: true }).pipe(
          Layer.provide(layerServer),
          Layer.provide(registry())
        )
      )
      const get = (headers: ReadonlyArray<string>) => ask(socket, requestText(headers, PAGE))
      const { body, status } = yield* get(["Host: localhost"])
      assert.strictEqual(status, 200)
      assert.isTrue(Prometheus.parse(body).has("effect_app_server_connections"))
      assert.strictEqual((yield* get(["Host: localhost", "Origin: null"])).status, 403)
      assert.strictEqual((yield* get(["Host: localhost", "Sec-Fetch-Site: none"])).status, 403)
    })
  )
})

describe("the format of Effect", () => {
  const request = { method: "GET", url: "/metrics", headers: {} } as IncomingMessage

  it.effect.prop(
    "is what Prometheus reads, whatever an app has among its metrics",
    {
      text: Schema.String,
      labels: Schema.Array(Schema.String),
      values: Schema.Array(Schema.Finite)
    },
    ({ labels, text, values }) =>
      Effect.gen(function* () {
        const attributes = Object.fromEntries(labels.map((label, i) => [`label_${i}`, label]))
        const boundaries = [-1, 0, 0.5, 1e21]
        const histogram = Metric.histogram("h", { description: `h ${text}`, attributes, boundaries })
        const gauge = Metric.gauge("g", { description: `g ${text}`, attributes })
        for (const value of values) {
          yield* Metric.update(histogram, value)
          yield* Metric.update(gauge, value)
        }
        const page = yield* MetricsPage.answerer({})
        const { body } = yield* page(request)
        const families = Prometheus.parse(body)
        if (values.length === 0) return
        assert.strictEqual(families.get("h")?.help, `h ${text}`)
        assert.strictEqual(Prometheus.valueIn(families, "g", attributes), values.at(-1)!)
        assert.strictEqual(Prometheus.valueIn(families, "h_count", attributes), values.length)
        for (const bound of boundaries) {
          assert.strictEqual(
            Prometheus.valueIn(families, "h_bucket", { ...attributes, le: String(bound) }),
            values.filter((value) => value <= bound).length
          )
        }
      }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())),
    { arbitrary: { runs: RUNS } }
  )
})
