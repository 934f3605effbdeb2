// Sends what a server counts, its requests as spans, and its log, to an OpenTelemetry collector.
import * as os from "node:os"
import * as path from "node:path"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Layer } from "effect"
import { AppServer, Metrics, WebSocketTransport } from "effect-app-server"
import { FetchHttpClient } from "effect/http"
import { Otlp } from "effect/observability"

const telemetry = Otlp.layerJson({
  baseUrl: "http://127.0.0.1:4318",
  resource: { serviceName: "my-app-server" },
  loggerMergeWithExisting: true // the log stays on the console, too
}).pipe(Layer.provide(FetchHttpClient.layer))

const server = AppServer.layer({
  listen: { host: "127.0.0.1", port: 4500 },
  codexHome: path.join(os.homedir(), ".codex")
}).pipe(Layer.provide(Metrics.layer), Layer.provide(telemetry)) // the one counts, the other is found by its Tracer
const banner = Effect.service(WebSocketTransport).pipe(
  Effect.flatMap(({ host, port }) => Console.log(`listening on ws://${host}:${port}`))
)
Layer.effectDiscard(banner).pipe(Layer.provide(server), Layer.launch, NodeRuntime.runMain)
