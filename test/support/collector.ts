/** An OpenTelemetry collector that keeps what it is sent, as OTLP in JSON. */
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import * as Effect from "effect/Effect"

/** What stands in a list of attributes, by name. */
export const attributesOf = ({ attributes }: { readonly attributes: ReadonlyArray<any> }) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

/** Collects as long as the Scope lives. */
export const collector = Effect.gen(function* () {
  const bodies: Array<{ readonly url: string; readonly body: string }> = []
  const server = yield* Effect.acquireRelease(
    Effect.callback<http.Server>((resume) => {
      const server = http.createServer((request, response) => {
        let body = ""
        request.on("data", (bytes: Buffer) => (body += bytes.toString()))
        request.on("end", () => {
          bodies.push({ url: request.url!, body })
          response.writeHead(200, { "content-type": "application/json" }).end("{}")
        })
      })
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )
  const of = (url: string) => bodies.filter((sent) => sent.url === url).map(({ body }) => JSON.parse(body))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    spans: (): ReadonlyArray<any> =>
      of("/v1/traces").flatMap(({ resourceSpans }) => resourceSpans[0].scopeSpans[0].spans),
    /** The last of each name. */
    metrics: (): ReadonlyMap<string, any> =>
      new Map(
        of("/v1/metrics")
          .flatMap(({ resourceMetrics }) => resourceMetrics[0].scopeMetrics[0].metrics)
          .map((metric) => [metric.name, metric])
      ),
    logs: (): ReadonlyArray<any> =>
      of("/v1/logs").flatMap(({ resourceLogs }) => resourceLogs[0].scopeLogs[0].logRecords)
  }
})
