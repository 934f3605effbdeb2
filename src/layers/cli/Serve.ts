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
import type { AuthArguments } from "./AuthArguments.ts"
import * as ListenUrl from "./ListenUrl.ts"
import * as ServeAuth from "./ServeAuth.ts"

/** The server cannot start as asked; `message` says what to do. */
export class StartError extends Data.TaggedError("StartError")<{ readonly message: string }> {}

export interface ServeArguments {
  readonly listen: ListenUrl.ListenUrl | undefined
  readonly overrides: ReadonlyArray<string>
  readonly strictConfig: boolean
  readonly auth: AuthArguments
}

const addressOf = (
  listen: ListenUrl.ListenUrl | undefined,
  hasAuth: boolean
): Effect.Effect<ListenAddress, StartError> => {
  const fail = (message: string) => Effect.fail(new StartError({ message }))
  switch (listen?._tag) {
    case "WebSocket":
      return hasAuth || ListenUrl.isLoopback(listen.host)
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

const LOCAL = "binds localhost only (use SSH port-forwarding for remote access)"
const REMOTE = "websocket auth is required for non-localhost listeners"

const banner = (address: ListenAddress): string => {
  const at = ListenUrl.hostAndPort(address)
  return `effect-app-server (WebSockets)
  listening on: ws://${at}
  readyz: http://${at}/readyz
  healthz: http://${at}/healthz
  note: ${ListenUrl.isLoopback(address.host) ? LOCAL : REMOTE}
`
}

/** Serves until it is interrupted. */
export const serve = ({ auth, listen, overrides, strictConfig }: ServeArguments) =>
  Effect.gen(function* () {
    const access = yield* ServeAuth.resolve(auth)
    const address = yield* addressOf(listen, access.auth !== undefined)
    const codexHome = yield* resolveCodexHome(process.env)
    const options = {
      listen: address,
      access,
      codexHome,
      overrides: yield* ConfigOverrides.parse(overrides),
      strictConfig
    }
    const announced = Layer.effectDiscard(
      Effect.map(Effect.service(WebSocketTransport), (address) => process.stderr.write(banner(address)))
    )
    return yield* Layer.launch(Layer.provide(announced, AppServer.layer(options)))
  }).pipe(Effect.provide([NodeFileSystem.layer, NodePath.layer]))
