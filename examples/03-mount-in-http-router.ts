// An app that has its own routes and its own RpcGroup serves Codex clients beside them, on its own port.
import { createServer } from "node:http"
import * as os from "node:os"
import * as path from "node:path"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Layer, Schema } from "effect"
import { AppServer, WebSocketRoute } from "effect-app-server"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { Rpc, RpcGroup, RpcSerialization, RpcServer } from "effect/rpc"

// what the app had before
class Greetings extends RpcGroup.make(
  Rpc.make("greet", { payload: { name: Schema.String }, success: Schema.String })
) {}
const greetings = RpcServer.layerHttp({ group: Greetings, path: "/rpc", protocol: "http" }).pipe(
  Layer.provide(Greetings.toLayer({ greet: ({ name }) => Effect.succeed(`hello ${name}`) })),
  Layer.provide(RpcSerialization.layerNdjson)
)
const home = HttpRouter.add("GET", "/", HttpServerResponse.text("my app"))

// what is new: clients connect to ws://127.0.0.1:4500/codex
const codex = WebSocketRoute.layer("/codex").pipe(
  Layer.provide(AppServer.layerMachine({ codexHome: path.join(os.homedir(), ".codex") }))
)

HttpRouter.serve(Layer.mergeAll(home, greetings, codex)).pipe(
  Layer.provide(
    NodeHttpServer.layer(createServer, {
      host: "127.0.0.1",
      port: 4500,
      disablePreemptiveShutdown: true // the end of the app does not wait for clients to leave
    })
  ),
  Layer.launch,
  NodeRuntime.runMain
)
