/** What the program counts and logs, and what it keeps to itself. */
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { hasCanary, sing } from "../support/canaries.ts"
import { connect, conversation, runMain, startServer, temporaryDirectory, until } from "../support/harness.ts"
import * as Prometheus from "../support/prometheus.ts"
import { ask, requestText } from "../support/rawHttp.ts"

const portOf = ({ url }: { readonly url: string }) => Number(new URL(url).port)
const scrape = (at: number | string, ...headers: ReadonlyArray<string>) =>
  ask(at, requestText(["Host: localhost", ...headers], "GET /metrics HTTP/1.1"))

/** What Prometheus itself sends. */
const PROMETHEUS = [
  "User-Agent: Prometheus/2.42.0",
  "Accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
  "Accept-Encoding: gzip",
  "X-Prometheus-Scrape-Timeout-Seconds: 10"
]

describe("a server with --metrics", () => {
  it.live("tells neither the log nor who reads its metrics what clients send", () =>
    Effect.gen(function* () {
      const { client, server } = yield* conversation({ args: ["--metrics", "--log-level", "info"] })
      yield* sing(client, server.cwd)
      const { body } = yield* scrape(portOf(server))
      const page = Prometheus.parse(body)
      const value = (name: string, labels = {}) =>
        Prometheus.valueIn(page, `effect_app_server_${name}`, labels)
      // all of it was there to be told
      assert.strictEqual(value("requests_total", { method: "_OTHER" }), 1)
      assert.isAbove(value("output_bytes_total", { stream: "stderr" })!, 0)
      for (const code of ["-32600", "-32602", "-32603"]) assert.isAbove(value("errors_total", { code })!, 0)
      yield* until("the log", 5000, () => server.stderr().match(/dropped a message/g)?.[4])
      assert.isFalse(hasCanary(body), body)
      assert.isFalse(hasCanary(server.stderr()), server.stderr())
      assert.strictEqual(server.stdout(), "")
    })
  )

  it.live("counts what comes and goes", () =>
    Effect.gen(function* () {
      const server = yield* startServer({ args: ["--metrics"] })
      const value = (name: string, labels = {}) =>
        Effect.map(scrape(portOf(server)), ({ body }) =>
          Prometheus.valueIn(Prometheus.parse(body), `effect_app_server_${name}`, labels)
        )
      const becomes = Effect.fnUntraced(function* (name: string, labels: object, to: number) {
        for (let i = 0; i < 500; i++) {
          if ((yield* value(name, labels)) === to) return
          yield* Effect.sleep(10)
        }
        assert.fail(`${name} is not ${to}`)
      })
      const client = yield* connect(server.url)
      yield* client.initialize()
      const sleep = { command: ["sh", "-c", "echo up; sleep 60"], streamStdoutStderr: true }
      yield* client.send({ id: 1, method: "command/exec", params: { ...sleep, processId: "a" } })
      yield* client.send({ id: 2, method: "command/exec", params: { ...sleep, processId: "b", tty: true } })
      yield* client.notification("command/exec/outputDelta")
      yield* client.notification("command/exec/outputDelta")
      assert.strictEqual(yield* value("connections"), 1)
      assert.strictEqual(yield* value("processes", { kind: "pipe" }), 1)
      assert.strictEqual(yield* value("processes", { kind: "terminal" }), 1)
      yield* becomes("output_bytes_total", { stream: "stdout" }, "up\nup\r\n".length)
      client.vanish()
      yield* becomes("processes", { kind: "pipe" }, 0)
      yield* becomes("processes", { kind: "terminal" }, 0)
      yield* becomes("connections", {}, 0)
      assert.strictEqual(yield* value("connections_total"), 1)
    })
  )

  it.live("is started and asked as docs/operation.md says, and has the metrics of its table", () =>
    Effect.gen(function* () {
      const text = fs.readFileSync(path.resolve(import.meta.dirname, "../../docs/operation.md"), "utf8")
      const [start, curl] = [...text.matchAll(/^```sh\n(.*)\n```$/gm)].map(([, line]) => line!)
      const [, listen, ...args] = /^node dist\/main\.js --listen (\S+) (.*)$/.exec(start!)!
      assert.strictEqual(listen, "ws://127.0.0.1:4500")
      const { client, server } = yield* conversation({ args: args.join().split(" ") })
      yield* client.request("command/exec", { command: ["true"] })
      assert.strictEqual(curl, "curl -sS http://127.0.0.1:4500/metrics")
      const { body } = yield* scrape(portOf(server), ...PROMETHEUS)
      const told = [...Prometheus.parse(body)].map(([name, { type }]) => `${name} ${type}`)
      const table = [...text.matchAll(/^\| `(\w+)` +\| (gauge|counter|histogram)/gm)]
      assert.sameMembers(
        told,
        table.map(([, name, type]) => `effect_app_server_${name} ${type}`)
      )
    })
  )

  it.live("asks for the token of --ws-auth", () =>
    Effect.gen(function* () {
      const file = path.join(yield* temporaryDirectory, "token")
      fs.writeFileSync(file, "the token of this server", { mode: 0o600 })
      const args = ["--metrics", "--ws-auth", "capability-token", "--ws-token-file", file]
      const port = portOf(yield* startServer({ args }))
      assert.strictEqual((yield* scrape(port)).status, 401)
      assert.strictEqual((yield* scrape(port, "Authorization: Bearer another")).status, 401)
      assert.strictEqual((yield* scrape(port, "Authorization: Bearer the token of this server")).status, 200)
    })
  )

  it.live("has them on a unix socket, too", () =>
    Effect.gen(function* () {
      const server = yield* startServer({ args: ["--metrics"], listen: "unix://s" })
      const { body, status } = yield* scrape(path.join(server.cwd, "s"))
      assert.strictEqual(status, 200)
      assert.isTrue(Prometheus.parse(body).has("effect_app_server_connections"))
    })
  )

  it.live("does not start on stdio", () =>
    Effect.gen(function* () {
      const { code, stderr, stdout } = yield* runMain(["--metrics"])
      assert.deepStrictEqual([code, stdout], [2, ""])
      assert.include(stderr, "use it with '--listen ws://IP:PORT' or '--listen unix://PATH'")
    })
  )
})

describe("a server without --metrics", () => {
  it.live("has nothing at /metrics", () =>
    Effect.gen(function* () {
      const server = yield* startServer()
      const { body, status } = yield* scrape(portOf(server))
      assert.deepStrictEqual([status, body], [400, "Connection header did not include 'upgrade'"])
    })
  )
})
