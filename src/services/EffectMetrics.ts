/**
 * The counts of a server as `Metric`s of Effect, under the names and in the units of Prometheus. Each has few series:
 * no label holds what a client may choose.
 */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, OVERLOADED } from "../rpc/WireError.ts"
import type { Metrics } from "./Metrics.ts"

/** Seconds: from an answer out of memory to a build. */
const DURATIONS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600]

/** The codes that have a series; a handler of somebody's own may have others. */
const CODES: ReadonlySet<number | bigint> = new Set([
  INVALID_REQUEST,
  INVALID_PARAMS,
  INTERNAL_ERROR,
  OVERLOADED
])
const OTHER_CODE = "other"

const PREFIX = "effect_app_server_"
const gauge = (name: string, description: string, attributes?: Record<string, string>) =>
  Metric.gauge(PREFIX + name, { description, attributes })
const counter = (name: string, description: string, attributes?: Record<string, string>) =>
  Metric.counter(PREFIX + name, { description, attributes, incremental: true })

/** Gives the series of a label's value, made once. */
const byLabel = <K, A>(make: (value: K) => A): ((value: K) => A) => {
  const all = new Map<K, A>()
  return (value) => {
    let series = all.get(value)
    if (series === undefined) all.set(value, (series = make(value)))
    return series
  }
}

const connections = gauge("connections", "Clients that are connected.")
const connectionsTotal = counter("connections_total", "Clients that have connected.")
const received = counter("received_bytes_total", "Bytes of messages that came from clients.")
const sent = counter("sent_bytes_total", "Bytes of messages that were sent to clients.")
const waiting = gauge("waiting_requests", "Requests that are not answered and whose preparation is not done.")
const requests = byLabel((method: string) =>
  counter("requests_total", "Requests that came, by method.", { method })
)
const durations = byLabel((method: string) =>
  Metric.histogram(`${PREFIX}request_duration_seconds`, {
    description: "Seconds from the arrival of a request to its answer, by method.",
    attributes: { method },
    boundaries: DURATIONS
  })
)
const errors = byLabel((code: string) =>
  counter("errors_total", "Requests that were answered with an error, by code.", { code })
)
const processes = byLabel((kind: string) =>
  gauge("processes", "Commands that run, by what they talk through.", { kind })
)
const processesTotal = byLabel((kind: string) =>
  counter("processes_total", "Commands that have started, by what they talk through.", { kind })
)
const output = byLabel((stream: string) =>
  counter("output_bytes_total", "Bytes that commands wrote and that were kept, by stream.", { stream })
)

/** Counts in the registry of the current context. */
export const make: Effect.Effect<Metrics> = Effect.map(Effect.context<never>(), (context) => {
  // what can be known before is there from the start, as 0: a rate needs two values
  for (const metric of [connections, connectionsTotal, received, sent, waiting]) metric.valueUnsafe(context)
  for (const code of [...CODES, OTHER_CODE]) errors(String(code)).valueUnsafe(context)
  for (const kind of ["pipe", "terminal"]) {
    processes(kind).valueUnsafe(context)
    processesTotal(kind).valueUnsafe(context)
  }
  for (const stream of ["stdout", "stderr"]) output(stream).valueUnsafe(context)

  const add = (counter: Metric.Counter<number>, n: number) => counter.updateUnsafe(n, context)
  const change = (gauge: Metric.Gauge<number>, n: 1 | -1) => gauge.modifyUnsafe(n, context)
  return {
    connected: () => {
      change(connections, 1)
      add(connectionsTotal, 1)
    },
    disconnected: () => change(connections, -1),
    received: (bytes) => add(received, bytes),
    sent: (bytes) => add(sent, bytes),
    requested: (method) => add(requests(method), 1),
    waits: () => change(waiting, 1),
    waited: () => change(waiting, -1),
    answered: (method, seconds, code) => {
      durations(method).updateUnsafe(seconds, context)
      if (code !== undefined) add(errors(CODES.has(code) ? String(code) : OTHER_CODE), 1)
    },
    started: (kind) => {
      change(processes(kind), 1)
      add(processesTotal(kind), 1)
    },
    ended: (kind) => change(processes(kind), -1),
    output: (stream, bytes) => add(output(stream), bytes)
  }
})
