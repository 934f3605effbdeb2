/**
 * `ws://IP:PORT`: an HTTP server with two probes and one WebSocket route, on any path. Each WebSocket is one
 * connection of the dispatcher, in a Scope that closes with it.
 */
import * as http from "node:http"
import type { Duplex } from "node:stream"
import type { AddressInfo, Socket } from "node:net"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { WebSocketServer, type ServerOptions, type WebSocket } from "ws"
import { Dispatcher } from "../services/Dispatcher.ts"
import { Limits } from "../services/Limits.ts"
import * as SystemError from "../services/SystemError.ts"
import * as Heartbeat from "./Heartbeat.ts"
import * as UpgradeChecks from "./UpgradeChecks.ts"
import { WebSocketInbox } from "./WebSocketInbox.ts"
import * as WebSocketOutbox from "./WebSocketOutbox.ts"

/** The largest message, 16 MiB; a larger one ends its connection with code 1009 (measured on Codex 0.169.0). */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024
/** How long the other side may take to close after a close frame, or after its FIN. Its commands end then at the latest. */
const CLOSE_TIMEOUT_MS = 1000

/** Those two are missing in the types. */
const WEB_SOCKET_OPTIONS: ServerOptions & {
  readonly closeTimeout: number
  readonly maxPendingAutoPongs: number
} = {
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  handleProtocols: () => false, // by default the first one offered is taken
  maxPayload: MAX_MESSAGE_BYTES,
  maxPendingAutoPongs: 0, // by default a client that pings and does not read is cut off; ours is held back
  closeTimeout: CLOSE_TIMEOUT_MS
}

/** The address cannot be listened on; `message` is the system's text. */
export class ListenError extends Data.TaggedError("ListenError")<{ readonly message: string }> {}

export interface ListenAddress {
  /** A literal IP address, without brackets. */
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
}

/** Where the server listens; the port is the real one. */
export class WebSocketTransport extends Context.Service<WebSocketTransport, ListenAddress>()(
  "effect-app-server/WebSocketTransport"
) {
  /** Listens as long as the layer lives; its end closes all connections, and so ends all that they started. */
  static readonly layer = (
    address: ListenAddress
  ): Layer.Layer<WebSocketTransport, ListenError, Dispatcher> =>
    Layer.effect(
      WebSocketTransport,
      Effect.gen(function* () {
        const dispatcher = yield* Dispatcher
        const { maxConnections, maxUnsentBytes } = yield* Limits
        const context = yield* Effect.context<never>()
        const server = yield* Effect.acquireRelease(listen(address), close)
        // after the server, so that it closes before: a server waits for its connections
        const scope = yield* Scope.fork(yield* Effect.scope, "parallel")
        const webSockets = new WebSocketServer(WEB_SOCKET_OPTIONS)
        const heartbeat = yield* Heartbeat.make
        let connections = 0

        const accept = (webSocket: WebSocket, socket: Socket) => {
          const connection = Scope.forkUnsafe(scope, "sequential")
          const inbox = new WebSocketInbox(webSocket)
          const outbox = WebSocketOutbox.make(webSocket, socket, {
            maxUnsentBytes,
            onFull: () => inbox.pause(),
            onRoom: () => inbox.resume()
          })
          const receive = Effect.gen(function* () {
            yield* Effect.addFinalizer(() =>
              Effect.sync(() => {
                webSocket.close(1001)
                socket.destroySoon()
              })
            )
            return yield* dispatcher.connect(outbox)
          }).pipe(Scope.provide(connection), Effect.runSyncWith(context))
          inbox.start(receive)
          connections++
          const unwatch = heartbeat.watch({ socket, webSocket })
          // who hangs up without a close frame may leave output unread for ever
          socket.once("end", () => setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS).unref())
          webSocket.on("error", () => {}) // "close" follows
          webSocket.on("close", () => {
            connections--
            unwatch()
            Effect.runForkWith(context)(Scope.close(connection, Exit.void))
          })
        }

        server.on("request", (request, response) => {
          const { body, headers, status } = UpgradeChecks.check(request)!
          response.writeHead(status, headers).end(body)
        })
        server.on("upgrade", (request, socket, head) => {
          const answer = UpgradeChecks.check(request)
          if (answer !== undefined) return writeAnswer(socket, answer)
          if (connections >= maxConnections) return writeAnswer(socket, UpgradeChecks.full(maxConnections))
          webSockets.handleUpgrade(request, socket, head, (webSocket) => accept(webSocket, socket as Socket))
        })
        const { address: host, port } = server.address() as AddressInfo
        return { host, port }
      })
    )
}

const listen = ({ host, port }: ListenAddress): Effect.Effect<http.Server, ListenError> =>
  Effect.callback((resume) => {
    const server = http.createServer()
    server.once("error", (error) =>
      resume(Effect.fail(new ListenError({ message: SystemError.text(error) })))
    )
    server.listen(port, host, () => resume(Effect.succeed(server)))
  })

const close = (server: http.Server): Effect.Effect<void> =>
  Effect.callback((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

/** Answers on a socket whose request asked for an upgrade that is not given. */
const writeAnswer = (socket: Duplex, { body, headers, status }: UpgradeChecks.Answer): void => {
  const lines = Object.entries({
    ...headers,
    "content-length": String(Buffer.byteLength(body)),
    connection: "close"
  })
  socket.end(
    `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`
  )
}
