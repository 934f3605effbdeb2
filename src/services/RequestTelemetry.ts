/**
 * What is told of connections and requests to those who count and to those who trace; nothing at all where nobody
 * does. A request is one span, named as its method.
 *
 * No span and no count has what a client sent but the names of known methods. So a span does not end with the failure
 * of its handler, whose text may name files and processes, but with its code.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import type { WireError } from "../rpc/WireError.ts"
import type { Frame, Outbox } from "./Connection.ts"
import * as LongText from "./LongText.ts"
import { Metrics, OTHER_METHOD } from "./Metrics.ts"

/** How a request ended: with a result, the code of its error, or with its connection. */
export type Outcome = "ok" | "interrupted" | WireError["code"]

/** What becomes of one request. */
export interface RequestRecord {
  /** The request begins to wait; what its handler does is a part of it in traces. */
  readonly handling: <A, E, R>(handling: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** It waits no longer. */
  readonly waited: () => void
  /** It is over. */
  readonly end: (outcome: Outcome) => void
}

export interface ConnectionTelemetry {
  /** Where the frames of the connection go. */
  readonly outbox: Outbox
  /** A frame has come. */
  readonly received: (text: string) => void
  /** A request has come; `method` is missing where it is none that is served. */
  readonly begin: (method: string | undefined) => RequestRecord
}

export interface RequestTelemetry {
  /** A client has connected and stays until the Scope closes. */
  readonly connect: (number: number, outbox: Outbox) => Effect.Effect<ConnectionTelemetry, never, Scope.Scope>
}

/** Nothing where nobody counts and nobody traces. */
export const make: Effect.Effect<RequestTelemetry | undefined> = Effect.gen(function* () {
  const metrics = yield* Metrics
  const traced = (yield* Tracer.Tracer) !== Tracer.nativeTracer
  if (metrics === undefined && !traced) return undefined
  const context = yield* Effect.context<never>()
  return {
    connect: Effect.fnUntraced(function* (number, outbox) {
      const begin = traced ? tracing(context, number) : () => undefined
      if (metrics !== undefined) {
        metrics.connected()
        yield* Effect.addFinalizer(() => Effect.sync(metrics.disconnected))
      }
      return {
        outbox: metrics === undefined ? outbox : counted(outbox, metrics),
        received: (text) => metrics?.received(Buffer.byteLength(text)),
        begin: (method = OTHER_METHOD) => record(method, metrics, begin(method))
      }
    })
  }
})

const bytesOf = (frame: Frame): number => {
  if (typeof frame === "string") return Buffer.byteLength(frame)
  return frame instanceof Uint8Array ? frame.length : LongText.lengthOf(frame)
}

const counted = ({ send, ...outbox }: Outbox, metrics: Metrics): Outbox => ({
  send: (frame) => {
    metrics.sent(bytesOf(frame))
    send(frame)
  },
  ...outbox
})

const record = (method: string, metrics: Metrics | undefined, trace: Trace | undefined): RequestRecord => {
  metrics?.requested(method)
  const startedAt = performance.now()
  return {
    handling: (handling) => {
      metrics?.waits()
      return trace === undefined ? handling : Effect.provideService(handling, Tracer.ParentSpan, trace.span)
    },
    waited: () => metrics?.waited(),
    end: (outcome) => {
      const code = typeof outcome === "string" ? undefined : outcome
      metrics?.answered(method, (performance.now() - startedAt) / 1000, code)
      trace?.end(outcome)
    }
  }
}

interface Trace {
  readonly span: Tracer.Span
  readonly end: (outcome: Outcome) => void
}

/** Begins the spans of the requests of a connection. */
const tracing = (context: Context.Context<never>, connection: number): ((method: string) => Trace) => {
  const clock = Context.get(context, Clock.Clock)
  const run = Effect.runSyncWith(context)
  return (method) => {
    const span = run(
      Effect.makeSpan(method, {
        kind: "server",
        root: true, // whatever the server was started in is no cause of it
        attributes: {
          "rpc.system.name": "jsonrpc",
          "rpc.method": method,
          "effect_app_server.connection": connection
        }
      })
    )
    return {
      span,
      end: (outcome) => {
        span.attribute("effect_app_server.outcome", String(outcome))
        if (typeof outcome !== "string") {
          span.attribute("rpc.response.status_code", String(outcome))
          span.attribute("error.type", String(outcome))
        }
        span.end(clock.currentTimeNanosUnsafe(), exitOf(outcome))
      }
    }
  }
}

const exitOf = (outcome: Outcome): Exit.Exit<void, string> =>
  outcome === "ok"
    ? Exit.void
    : outcome === "interrupted"
      ? Exit.interrupt()
      : Exit.fail(`answered with error ${outcome}`)
