/** The server as a program: resolves what the command line says, listens, prints the banner, stays. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as AppServer from "../AppServer.ts"
import { resolveCodexHome } from "../CodexHome.ts"
import * as ConfigOverrides from "../ConfigOverrides.ts"
import { WebSocketTransport, type ListenAddress } from "../WebSocketTransport.ts"
import * as ListenUrl from "./ListenUrl.ts"

/** The server cannot start as asked; `message` says what to do. */
export class StartError extends Data.TaggedError("StartError")<{ readonly message: string }> {}

export interface ServeArguments {
  readonly listen: ListenUrl.ListenUrl | undefined
  readonly overrides: ReadonlyArray<string>
  readonly strictConfig: boolean
}

const addressOf = (listen: ListenUrl.ListenUrl | undefined): Effect.Effect<ListenAddress, StartError> => {
  const fail = (message: string) => Effect.fail(new StartError({ message }))
  switch (listen?._tag) {
    case "WebSocket":
      return ListenUrl.isLoopback(listen.host)
        ? Effect.succeed(listen)
        : fail(
            `refusing to start non-loopback websocket listener ${ListenUrl.hostAndPort(listen)} without auth; configure \`--ws-auth capability-token\` or \`--ws-auth signed-bearer-token\``
          )
    case "NotServed":
      return fail(`${listen.url} is not served yet; use --listen ws://IP:PORT`)
    case "Off":
      return fail("no transport configured; use --listen or enable remote control")
    default:
      return fail("no transport configured; use --listen ws://IP:PORT")
  }
}

const banner = (address: ListenAddress): string => {
  const at = ListenUrl.hostAndPort(address)
  return `effect-app-server (WebSockets)
  listening on: ws://${at}
  readyz: http://${at}/readyz
  healthz: http://${at}/healthz
  note: binds localhost only (use SSH port-forwarding for remote access)
`
}

/** Serves until it is interrupted. */
export const serve = ({ listen, overrides, strictConfig }: ServeArguments) =>
  Effect.gen(function* () {
    const address = yield* addressOf(listen)
    const codexHome = yield* resolveCodexHome(process.env)
    const options = {
      listen: address,
      codexHome,
      overrides: yield* ConfigOverrides.parse(overrides),
      strictConfig
    }
    const announced = Layer.effectDiscard(
      Effect.map(Effect.service(WebSocketTransport), (address) => process.stderr.write(banner(address)))
    )
    return yield* Layer.launch(Layer.provide(announced, AppServer.layer(options)))
  }).pipe(Effect.provide([NodeFileSystem.layer, NodePath.layer]))
