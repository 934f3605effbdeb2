/** `ws://IP:PORT`: who may connect over TCP, and where. */
import type { AddressInfo } from "node:net"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Dispatcher } from "../services/Dispatcher.ts"
import type { TokenCheck } from "./auth/ConnectionAuth.ts"
import * as HostCheck from "./HostCheck.ts"
import * as HttpListener from "./HttpListener.ts"
import { hostAndPort, isLoopback, type ListenAddress } from "./ListenAddress.ts"
import * as WebSocketAcceptor from "./WebSocketAcceptor.ts"

export interface Access {
  /** Judges the token of each client. Without it every client on this machine may connect, by a name of this machine. */
  readonly auth?: TokenCheck | undefined
  /** Pages that may connect, by their origins as browsers write them; by default none. */
  readonly allowedOrigins?: ReadonlyArray<string> | undefined
}

export interface WebSocketOptions extends Access {
  /** Shows at `GET /metrics` what is counted, to who may connect but to no browser; by default to nobody. */
  readonly metrics?: boolean | undefined
}

/** Other machines could reach the address, and `auth` is missing: whoever can connect can run commands. */
export class UnprotectedAddress extends Data.TaggedError("UnprotectedAddress")<{
  readonly address: ListenAddress
}> {
  override get message(): string {
    return `refusing to start non-loopback websocket listener ${hostAndPort(this.address)} without auth; configure \`--ws-auth capability-token\` or \`--ws-auth signed-bearer-token\``
  }
}

/** Where the server listens; the port is the real one. */
export class WebSocketTransport extends Context.Service<WebSocketTransport, ListenAddress>()(
  "effect-app-server/WebSocketTransport"
) {
  /** Listens as long as the layer lives; its end closes all connections, and so ends all that they started. */
  static readonly layer = (
    address: ListenAddress,
    { allowedOrigins = [], auth, metrics }: WebSocketOptions = {}
  ): Layer.Layer<WebSocketTransport, HttpListener.ListenError | UnprotectedAddress, Dispatcher> =>
    Layer.effect(
      WebSocketTransport,
      Effect.gen(function* () {
        if (auth === undefined && !isLoopback(address.host)) {
          return yield* new UnprotectedAddress({ address })
        }
        const listener = yield* HttpListener.make
        // before it listens, so that nobody comes too early
        yield* WebSocketAcceptor.accept(listener, {
          auth,
          metrics,
          allowedOrigins: new Set(allowedOrigins),
          checkHost: auth === undefined ? HostCheck.make(address.host) : undefined
        })
        yield* listener.listen(address)
        const { address: host, port } = listener.server.address() as AddressInfo
        return { host, port }
      })
    )
}
