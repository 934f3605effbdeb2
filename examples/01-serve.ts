// Serves Codex clients on one port until ^C.
import * as os from "node:os"
import * as path from "node:path"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Layer } from "effect"
import { AppServer, WebSocketTransport } from "effect-app-server"

const server = AppServer.layer({
  listen: { host: "127.0.0.1", port: 4500 },
  codexHome: path.join(os.homedir(), ".codex") // its config.toml says how far commands are confined
})
const banner = Effect.service(WebSocketTransport).pipe(
  Effect.flatMap(({ host, port }) => Console.log(`listening on ws://${host}:${port}`))
)
Layer.effectDiscard(banner).pipe(Layer.provide(server), Layer.launch, NodeRuntime.runMain)
