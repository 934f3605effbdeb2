/**
 * `GET /metrics`: what is counted, as Prometheus reads it. It is for who may connect, and for no browser, whatever page
 * it shows: a page could measure what it cannot read.
 */
import type { IncomingMessage } from "node:http"
import * as Effect from "effect/Effect"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import * as ConnectionAuth from "./auth/ConnectionAuth.ts"
import * as HttpAnswer from "./HttpAnswer.ts"
import type { AcceptRules } from "./WebSocketAcceptor.ts"

const HEADERS = {
  "cache-control": "no-store",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff"
}
/** The text format of Prometheus has this version for good. */
const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

const BROWSER = HttpAnswer.make(403, "Metrics are not for browsers: let Prometheus or curl ask")
const METHOD = HttpAnswer.make(405, "", { allow: "GET,HEAD" })

/** What browsers send, the one or the other, with whatever a page makes them ask for. */
const isBrowsers = ({ headers }: IncomingMessage) =>
  headers.origin !== undefined || Object.keys(headers).some((name) => name.startsWith("sec-fetch-"))

const refusal = (request: IncomingMessage, { checkHost }: AcceptRules) => {
  if (isBrowsers(request)) return BROWSER
  if (request.method !== "GET" && request.method !== "HEAD") return METHOD
  return checkHost?.(request)
}

export type MetricsPage = (request: IncomingMessage) => Effect.Effect<HttpAnswer.HttpAnswer>

/** Shows what the registry of the current context has. */
export const make = (rules: AcceptRules): Effect.Effect<MetricsPage> =>
  Effect.map(Effect.context<never>(), (context): MetricsPage => {
    const page = Effect.sync(() =>
      HttpAnswer.make(200, PrometheusMetrics.formatUnsafe(context), { "content-type": CONTENT_TYPE })
    )
    const answer = (request: IncomingMessage): Effect.Effect<HttpAnswer.HttpAnswer> => {
      const refused = refusal(request, rules)
      if (refused !== undefined) return Effect.succeed(refused)
      return rules.auth === undefined
        ? page
        : ConnectionAuth.authenticate(request.headers, rules.auth, false).pipe(
            Effect.andThen(page),
            Effect.catchTag("Unauthorized", ({ message }) => Effect.succeed(HttpAnswer.make(401, message)))
          )
    }
    return (request) =>
      Effect.map(answer(request), ({ body, headers, status }) =>
        HttpAnswer.make(status, body, { ...headers, ...HEADERS })
      )
  })
