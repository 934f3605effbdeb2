/**
 * `GET /metrics`: what is counted, as Prometheus reads it. It is for who may connect, and for no browser, whatever page
 * it shows: a page could measure what it cannot read.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import * as ConnectionAuth from "./auth/ConnectionAuth.ts"
import * as HttpAnswer from "./HttpAnswer.ts"
import * as RequestTarget from "./RequestTarget.ts"
import type { AcceptRules } from "./WebSocketAcceptor.ts"

/** Where Prometheus looks by default. */
const PATH = "/metrics"
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

/** What a request is answered, with what the registry of the current context has. */
export const answerer = (
  rules: AcceptRules
): Effect.Effect<(request: IncomingMessage) => Effect.Effect<HttpAnswer.HttpAnswer>> =>
  Effect.map(Effect.context<never>(), (context) => {
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

/** Answers the request and gives true, if it is for this page. */
export type MetricsPage = (request: IncomingMessage, response: ServerResponse) => boolean

/** The page as long as the Scope lives. */
export const make = Effect.fnUntraced(function* (rules: AcceptRules) {
  const answer = yield* answerer(rules)
  const scope = yield* Effect.scope
  const run = Effect.runForkWith(yield* Effect.context<never>())
  const page: MetricsPage = (request, response) => {
    if (RequestTarget.parse(request.url!).path !== PATH) return false
    const answered = Effect.onExit(answer(request), (exit) =>
      Effect.sync(() => {
        if (Exit.isSuccess(exit)) HttpAnswer.respond(response, exit.value)
        else response.destroy()
      })
    )
    Fiber.runIn(run(Effect.exit(answered)), scope)
    return true
  }
  return page
})
