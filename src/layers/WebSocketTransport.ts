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
import * as SystemError from "../services/SystemError.ts"
import * as UpgradeChecks from "./UpgradeChecks.ts"
import * as WebSocketOutbox from "./WebSocketOutbox.ts"

/** The largest message, 16 MiB; a larger one ends its connection with code 1009 (measured on Codex 0.169.0). */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024
/** How long the other side may take to close after a close frame. Its commands end then at the latest. */
const CLOSE_TIMEOUT_MS = 1000

/** `closeTimeout` is missing in the types. */
const WEB_SOCKET_OPTIONS: ServerOptions & { readonly closeTimeout: number } = {
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  handleProtocols: () => false, // by default the first one offered is taken
  maxPayload: MAX_MESSAGE_BYTES,
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
        const context = yield* Effect.context<never>()
        const server = yield* Effect.acquireRelease(listen(address), close)
        // after the server, so that it closes before: a server waits for its connections
        const scope = yield* Scope.fork(yield* Effect.scope, "parallel")
        const webSockets = new WebSocketServer(WEB_SOCKET_OPTIONS)

        const accept = (webSocket: WebSocket, socket: Socket) => {
          const connection = Scope.forkUnsafe(scope, "sequential")
          const receive = Effect.gen(function* () {
            yield* Effect.addFinalizer(() =>
              Effect.sync(() => {
                webSocket.close(1001)
                socket.destroySoon()
              })
            )
            return yield* dispatcher.connect(WebSocketOutbox.make(webSocket, socket))
          }).pipe(Scope.provide(connection), Effect.runSyncWith(context))
          webSocket.on("message", (data: Buffer, isBinary) => {
            if (!isBinary) receive(data.toString())
          })
          webSocket.on("error", () => {}) // "close" follows
          webSocket.on("close", () => Effect.runForkWith(context)(Scope.close(connection, Exit.void)))
        }

        server.on("request", (request, response) => {
          const { body, headers, status } = UpgradeChecks.check(request)!
          response.writeHead(status, headers).end(body)
        })
        server.on("upgrade", (request, socket, head) => {
          const answer = UpgradeChecks.check(request)
          if (answer !== undefined) return writeAnswer(socket, answer)
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
