/** What is told of requests to those who count and to those who trace, and what is told to nobody. */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import * as References from "effect/References"
import { TestClock } from "effect/testing"
import { MAX_WAITING_REQUESTS } from "../../src/services/Dispatcher.ts"
import * as Metrics from "../../src/services/Metrics.ts"
import { ProcessSpawner } from "../../src/services/ProcessSpawner.ts"
import * as RequestTelemetry from "../../src/services/RequestTelemetry.ts"
import * as Scripted from "../support/scripted.ts"
import * as ScriptedSpawner from "../support/ScriptedSpawner.ts"

const settle = TestClock.adjust(0)

/** A tracer that keeps its spans. */
const keeping = () => {
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  return { spans, layer: Layer.succeed(Tracer.Tracer, tracer) }
}

/** What a span says, with how it ended. */
const told = ({ attributes, kind, name, status }: Tracer.NativeSpan) => ({
  name,
  kind,
  attributes: Object.fromEntries(attributes),
  end:
    status._tag === "Started"
      ? "running"
      : Exit.isSuccess(status.exit)
        ? "ok"
        : Cause.hasInterruptsOnly(status.exit.cause)
          ? "interrupted"
          : String(Cause.squash(status.exit.cause))
})

/** Layers whose counts are of one test, and what they have counted: `name{label}` to a number, 0 left out. */
const counting = () => {
  const registry: Metric.MetricRegistry = new Map()
  const layerRegistry = Layer.succeed(Metric.MetricRegistry, registry)
  const counts = Effect.map(Effect.provide(Metric.snapshot, layerRegistry), (snapshot) =>
    Object.fromEntries(
      snapshot.flatMap(({ attributes = {}, id, state }) => {
        const labels = Object.values(attributes).join()
        const { count, value } = state as { readonly count?: number; readonly value?: number }
        const name = id.replace("effect_app_server_", "")
        return [[labels === "" ? name : `${name}{${labels}}`, count ?? value]].filter(([, n]) => n !== 0)
      })
    )
  )
  return { counts, layer: Metrics.layer.pipe(Layer.provideMerge(layerRegistry)) }
}

describe("RequestTelemetry", () => {
  it.effect("is not there while nobody counts and nobody traces", () =>
    Effect.gen(function* () {
      assert.isUndefined(yield* RequestTelemetry.make)
      assert.isUndefined(
        yield* Effect.provideService(RequestTelemetry.make, Tracer.Tracer, Tracer.nativeTracer)
      )
      assert.isDefined(yield* Effect.provide(RequestTelemetry.make, keeping().layer))
      assert.isDefined(yield* Effect.provide(RequestTelemetry.make, counting().layer))
    })
  )

  it.effect("makes each request one span, named as its method, with how it ended", () =>
    Effect.gen(function* () {
      const scripted = ScriptedSpawner.make()
      const { layer, spans } = keeping()
      const scope = yield* Scope.make()
      yield* Effect.gen(function* () {
        const client = yield* Scope.provide(Scripted.connect, scope)
        client.initialize()
        client.send({ id: 1, method: "command/exec/terminate", params: { processId: "secret" } })
        client.send({ id: 2, method: "no/such/secret", params: {} })
        client.send({ id: 3, method: "command/exec", params: { command: "secret" } })
        client.send({ id: 4, method: "command/exec", params: { command: ["secret"], processId: "secret" } })
        client.send({ id: 5, method: "command/exec", params: { command: ["secret"] } })
        yield* settle
        yield* scripted.processes[0]!.finishes()
        yield* settle
        yield* Scope.close(scope, Exit.void)
      }).pipe(Effect.provide(Scripted.dispatcher(scripted).pipe(Layer.provide(layer))))
      const span = (name: string, end: string, outcome = end, code?: string) => ({
        name,
        kind: "server" as const,
        attributes: {
          "rpc.system.name": "jsonrpc",
          "rpc.method": name,
          "effect_app_server.connection": 1,
          "effect_app_server.outcome": outcome,
          ...(code && { "rpc.response.status_code": code, "error.type": code })
        },
        end
      })
      const refused = (name: string, code: string) => span(name, `answered with error ${code}`, code, code)
      assert.deepStrictEqual(spans.map(told), [
        span("initialize", "ok"),
        refused("command/exec/terminate", "-32600"),
        refused("_OTHER", "-32600"),
        refused("command/exec", "-32600"),
        span("command/exec", "ok"),
        span("command/exec", "interrupted")
      ])
    })
  )

  it.effect("makes spans of what is behind a handler parts of its request, and of nothing before", () =>
    Effect.gen(function* () {
      const { layer, spans } = keeping()
      const spawner = ScriptedSpawner.make()
      spawner.delay = Effect.withSpan(Effect.void, "delay")
      yield* Effect.gen(function* () {
        const client = yield* Scripted.connect
        client.initialize()
        client.send({ id: 1, method: "command/exec", params: { command: ["program"] } })
        yield* settle
      }).pipe(
        Effect.provide(Scripted.dispatcher(spawner)),
        Effect.scoped,
        Effect.withSpan("app"),
        Effect.provide(layer)
      )
      const parents = spans.map(({ name, parent }) => [
        name,
        parent._tag === "Some" && (parent.value as Tracer.Span).name
      ])
      assert.deepInclude(parents, ["command/exec", false])
      assert.deepInclude(parents, ["delay", "command/exec"])
    })
  )

  it.effect("counts connections, requests, errors, processes and bytes", () =>
    Effect.gen(function* () {
      const scripted = ScriptedSpawner.make()
      const { counts, layer } = counting()
      const scope = yield* Scope.make()
      yield* Effect.gen(function* () {
        assert.deepStrictEqual(yield* counts, {})
        const client = yield* Scope.provide(Scripted.connect, scope)
        const frames = [
          '{"id":0,"method":"initialize","params":{"clientInfo":{"name":"ü","version":"1"}}}',
          '{"id":1,"method":"command/exec","params":{"command":["a"],"processId":"a","streamStdoutStderr":true}}',
          '{"id":2,"method":"command/exec","params":{"command":["b"],"processId":"b","tty":true}}',
          '{"id":3,"method":"command/exec/terminate","params":{"processId":"c"}}',
          '{"id":4,"method":"x1","params":{}}',
          '{"id":5,"method":"x2"}',
          "no message"
        ]
        for (const frame of frames) client.receive(frame)
        yield* settle
        yield* scripted.processes[0]!.writes("12345")
        yield* scripted.processes[0]!.writes("123", "stderr")
        yield* scripted.processes[1]!.writes("1234567")
        yield* scripted.processes[1]!.finishes()
        yield* settle
        const bytes = (texts: ReadonlyArray<string>) =>
          texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
        assert.deepStrictEqual(yield* counts, {
          connections: 1,
          connections_total: 1,
          received_bytes_total: bytes(frames),
          sent_bytes_total: bytes(client.frames),
          "requests_total{initialize}": 1,
          "requests_total{command/exec}": 2,
          "requests_total{command/exec/terminate}": 1,
          "requests_total{_OTHER}": 2,
          "request_duration_seconds{initialize}": 1,
          "request_duration_seconds{command/exec}": 1,
          "request_duration_seconds{command/exec/terminate}": 1,
          "request_duration_seconds{_OTHER}": 2,
          "errors_total{-32600}": 3,
          "processes{pipe}": 1,
          "processes_total{pipe}": 1,
          "processes_total{terminal}": 1,
          "output_bytes_total{stdout}": 12,
          "output_bytes_total{stderr}": 3
        })
        yield* Scope.close(scope, Exit.void)
        const after = yield* counts
        assert.isUndefined(after["connections"])
        assert.isUndefined(after["processes{pipe}"])
        assert.strictEqual(after["request_duration_seconds{command/exec}"], 2)
      }).pipe(Effect.provide(Scripted.dispatcher(scripted).pipe(Layer.provide(layer))))
    })
  )

  it.effect("counts who waits, until there is no room", () =>
    Effect.gen(function* () {
      const scripted = ScriptedSpawner.make()
      scripted.delay = Effect.never
      const { counts, layer } = counting()
      const scope = yield* Scope.make()
      yield* Effect.gen(function* () {
        const client = yield* Scope.provide(Scripted.connect, scope)
        client.initialize()
        for (let id = 0; id <= MAX_WAITING_REQUESTS; id++) {
          client.send({ id, method: "command/exec", params: { command: ["program"] } })
        }
        const during = yield* counts
        assert.strictEqual(during["waiting_requests"], MAX_WAITING_REQUESTS)
        assert.strictEqual(during["errors_total{-32001}"], 1)
        yield* Scope.close(scope, Exit.void)
        assert.isUndefined((yield* counts)["waiting_requests"])
      }).pipe(Effect.provide(Scripted.dispatcher(scripted).pipe(Layer.provide(layer))))
    })
  )

  it.effect("tells of a fault its kind and its place, and its text at level debug alone", () =>
    Effect.gen(function* () {
      const { layer, spans } = keeping()
      const { counts, layer: layerCounts } = counting()
      const lines: Array<string> = []
      const log = (level: "Info" | "Debug") =>
        Layer.merge(
          Logger.layer([Logger.map(Logger.formatLogFmt, (line) => void lines.push(line))]),
          Layer.succeed(References.MinimumLogLevel, level)
        )
      const spawner = Layer.succeed(ProcessSpawner, {
        spawn: ({ argv, cwd, env }) =>
          Effect.die(new TypeError(`cannot start ${argv.join()}\n    at ${cwd} with ${JSON.stringify(env)}`)),
        endOwner: () => Effect.void
      })
      const request = Effect.gen(function* () {
        const client = yield* Scripted.connect
        client.initialize()
        client.send({
          id: 1,
          method: "command/exec",
          params: { command: ["canary"], cwd: "/canary", env: { CANARY: "canary" } }
        })
        yield* settle
        assert.strictEqual(client.taken()[0]?.error?.code, -32603)
      })
      const faulty = Scripted.dispatcher({ ...ScriptedSpawner.make(), layer: spawner })
      const at = (level: "Info" | "Debug") =>
        Effect.provide(
          Effect.scoped(request),
          Layer.provide(faulty, Layer.mergeAll(layer, layerCounts, log(level)))
        )
      yield* at("Info")
      const said = lines.join("\n")
      assert.match(said, /level=ERROR .*command\/exec failed: TypeError/)
      assert.include(said, "RequestTelemetry.test.ts:") // where it was thrown
      assert.notInclude(said.toLowerCase(), "canary")
      assert.notInclude(JSON.stringify(yield* counts).toLowerCase(), "canary")
      const traced = spans.map((span) => [told(span), span.events])
      assert.notInclude(JSON.stringify(traced).toLowerCase(), "canary")
      yield* at("Debug")
      assert.match(lines.join("\n"), /level=DEBUG .*cannot start canary/)
    })
  )
})
