/** The server as a program: resolves what the command line says, lets clients in, stays until it is over. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as AppServer from "../AppServer.ts"
import { resolveCodexHome } from "../CodexHome.ts"
import * as ConfigOverrides from "../ConfigOverrides.ts"
import type { ListenAddress } from "../ListenAddress.ts"
import { StdioTransport } from "../StdioTransport.ts"
import { UnixTransport, defaultPath } from "../UnixTransport.ts"
import { WebSocketTransport, type WebSocketOptions } from "../WebSocketTransport.ts"
import { banner } from "./Banner.ts"
import type { ServeArguments } from "./ServeArguments.ts"
import * as ServeAuth from "./ServeAuth.ts"

/** The server cannot start as asked; `message` says what to do. */
export class StartError extends Data.TaggedError("StartError")<{ readonly message: string }> {}

const webSocket = (address: ListenAddress, options: WebSocketOptions) =>
  Layer.effectDiscard(
    Effect.map(Effect.service(WebSocketTransport), (real) => process.stderr.write(banner(real)))
  ).pipe(Layer.provide(WebSocketTransport.layer(address, options)), Layer.launch)

const stdio = Effect.flatMap(Effect.service(StdioTransport), ({ ended }) => ended).pipe(
  Effect.provide(StdioTransport.layer())
)

const unix = (path: string | undefined, codexHome: string, metrics: boolean) =>
  Effect.flatMap(path === undefined ? defaultPath(codexHome) : Effect.succeed(path), (path) =>
    Layer.launch(UnixTransport.layer(path, { metrics }))
  )

/** Serves until it is interrupted, or has no more to do. */
export const serve = ({ auth, listen, metrics, overrides, strictConfig }: ServeArguments) =>
  Effect.gen(function* () {
    const access = { ...(yield* ServeAuth.resolve(auth)), metrics }
    if (listen._tag === "Off") {
      const message = "no transport configured; use --listen or enable remote control"
      return yield* new StartError({ message })
    }
    const codexHome = yield* resolveCodexHome(process.env)
    const machine = AppServer.layerMachine({
      codexHome,
      overrides: yield* ConfigOverrides.parse(overrides),
      strictConfig,
      metrics
    })
    switch (listen._tag) {
      case "WebSocket":
        return yield* Effect.provide(webSocket(listen, access), machine)
      case "Unix":
        return yield* Effect.provide(unix(listen.path, codexHome, metrics), machine)
      case "Stdio":
        return yield* Effect.provide(stdio, machine)
    }
  }).pipe(Effect.provide([NodeFileSystem.layer, NodePath.layer]))
