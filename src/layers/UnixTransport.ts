/** `unix://PATH`: WebSockets on a unix socket. Who can open the socket may connect, and that is its owner. */
import * as fs from "node:fs"
import * as path from "node:path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Dispatcher } from "../services/Dispatcher.ts"
import * as SystemError from "../services/SystemError.ts"
import * as HttpListener from "./HttpListener.ts"
import * as UnixSocket from "./UnixSocket.ts"
import * as WebSocketAcceptor from "./WebSocketAcceptor.ts"
import type { WebSocketOptions } from "./WebSocketTransport.ts"

/** Where the socket is by default; makes the directory, which is for its owner alone. */
export const defaultPath = (codexHome: string): Effect.Effect<string, HttpListener.ListenError> => {
  const directory = path.join(codexHome, "app-server-control")
  return Effect.try({
    try: () => {
      fs.mkdirSync(directory, { recursive: true, mode: 0o700 })
      fs.chmodSync(directory, 0o700) // one that was there
      return path.join(directory, "app-server-control.sock")
    },
    catch: (error) =>
      new HttpListener.ListenError({ message: `cannot make ${directory}: ${SystemError.text(error)}` })
  })
}

/** Where the server listens: an absolute path. */
export class UnixTransport extends Context.Service<UnixTransport, { readonly path: string }>()(
  "effect-app-server/UnixTransport"
) {
  /** Listens as long as the layer lives; its end closes all connections and removes the socket. */
  static readonly layer = (
    socket: string,
    { metrics }: Pick<WebSocketOptions, "metrics"> = {}
  ): Layer.Layer<UnixTransport, HttpListener.ListenError, Dispatcher> =>
    Layer.effect(
      UnixTransport,
      Effect.gen(function* () {
        const absolute = path.resolve(socket)
        const listener = yield* HttpListener.make
        yield* WebSocketAcceptor.accept(listener, { metrics })
        yield* UnixSocket.publish(absolute, listener.listen)
        return { path: absolute }
      })
    )
}
