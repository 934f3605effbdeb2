/**
 * Turns HTTP requests into WebSockets: two probes and one WebSocket route, on any path, whatever the server listens
 * on. Each WebSocket is one connection of the dispatcher, in a Scope that closes with it.
 */
import type { IncomingMessage } from "node:http"
import type { Socket } from "node:net"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { WebSocketServer, type ServerOptions, type WebSocket } from "ws"
import { MAX_MESSAGE_BYTES } from "../services/Connection.ts"
import { Dispatcher } from "../services/Dispatcher.ts"
import { Limits } from "../services/Limits.ts"
import * as BearerSubprotocol from "./auth/BearerSubprotocol.ts"
import * as ConnectionAuth from "./auth/ConnectionAuth.ts"
import * as BusyPoll from "./BusyPoll.ts"
import * as Heartbeat from "./Heartbeat.ts"
import * as HttpAnswer from "./HttpAnswer.ts"
import type { HttpListener } from "./HttpListener.ts"
import * as UpgradeChecks from "./UpgradeChecks.ts"
import { WebSocketInbox } from "./WebSocketInbox.ts"
import * as WebSocketOutbox from "./WebSocketOutbox.ts"

/** How long the other side may take to close after a close frame, or after its FIN. Its commands end then at the latest. */
const CLOSE_TIMEOUT_MS = 1000

/** Those two are missing in the types. */
type WebSocketOptions = ServerOptions & {
  readonly closeTimeout: number
  readonly maxPendingAutoPongs: number
}

const webSocketOptions = (subprotocols: boolean): WebSocketOptions => ({
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  // by default the first one offered is taken, and that may be a token
  handleProtocols: (offered) =>
    subprotocols && offered.has(BearerSubprotocol.SUBPROTOCOL) && BearerSubprotocol.SUBPROTOCOL,
  maxPayload: MAX_MESSAGE_BYTES, // close code 1009
  maxPendingAutoPongs: 0, // by default a client that pings and does not read is cut off; ours is held back
  closeTimeout: CLOSE_TIMEOUT_MS
})

export interface AcceptRules extends UpgradeChecks.UpgradeRules {
  /** Judges the token of whoever passed the checks; without it everybody may connect. */
  readonly auth?: ConnectionAuth.TokenCheck | undefined
  /** Answers `GET /metrics`. */
  readonly metrics?: boolean | undefined
}

export interface Acceptor {
  /** What a request is answered that is no upgrade, or may not be one; `undefined` for what is to be upgraded. */
  readonly check: (request: IncomingMessage) => HttpAnswer.HttpAnswer | undefined
  /**
   * Makes a request that passed `check` a connection, or answers it on the socket, which ends in either case. The end
   * of `scope` closes the connection, and so ends all that it started.
   */
  readonly upgrade: (request: IncomingMessage, socket: Socket, head: Buffer, scope: Scope.Scope) => void
}

/** `opened` is told of each socket that has become a WebSocket. */
export const make = Effect.fnUntraced(function* (rules: AcceptRules, opened: (socket: Socket) => void) {
  const connect = yield* BusyPoll.make(yield* Dispatcher)
  const { maxConnections, maxUnsentBytes } = yield* Limits
  const context = yield* Effect.context<never>()
  /** Only pages need them, and pages need to be allowed. */
  const subprotocols = rules.allowedOrigins !== undefined && rules.allowedOrigins.size > 0
  const webSockets = new WebSocketServer(webSocketOptions(subprotocols))
  const heartbeat = yield* Heartbeat.make
  let connections = 0

  const open = (webSocket: WebSocket, socket: Socket, scope: Scope.Scope) => {
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
      return yield* connect(outbox)
    }).pipe(Scope.provide(connection), Effect.runSyncWith(context))
    inbox.start(receive)
    connections++
    opened(socket)
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

  const authenticate = (request: IncomingMessage) =>
    rules.auth === undefined
      ? Effect.void
      : ConnectionAuth.authenticate(request.headers, rules.auth, subprotocols)

  const acceptor: Acceptor = {
    check: (request) => UpgradeChecks.check(request, rules),
    upgrade: (request, socket, head, scope) => {
      const judged = Effect.onExit(authenticate(request), (exit) =>
        Effect.sync(() => {
          if (Exit.isFailure(exit)) {
            const refusal = Cause.findErrorOption(exit.cause)
            if (Option.isNone(refusal)) socket.destroy()
            else HttpAnswer.writeTo(socket, HttpAnswer.make(401, refusal.value.message))
          } else if (connections >= maxConnections) {
            HttpAnswer.writeTo(socket, UpgradeChecks.full(maxConnections))
          } else {
            webSockets.handleUpgrade(request, socket, head, (webSocket) => open(webSocket, socket, scope))
          }
        })
      )
      Fiber.runIn(Effect.runForkWith(context)(Effect.exit(judged)), scope)
    }
  }
  return acceptor
})

/** Accepts until the Scope ends, which closes all connections. */
export const accept = Effect.fnUntraced(function* ({ release, server }: HttpListener, rules: AcceptRules) {
  const acceptor = yield* make(rules, release)
  const scope = yield* Scope.fork(yield* Effect.scope, "parallel")
  const metricsPage =
    rules.metrics === true
      ? yield* Effect.flatMap(
          Effect.promise(() => import("./MetricsPage.ts")),
          ({ make }) => make(rules)
        )
      : undefined
  server.on("request", (request, response) => {
    if (metricsPage?.(request, response) === true) return
    HttpAnswer.respond(response, acceptor.check(request) ?? UpgradeChecks.NO_UPGRADE)
  })
  server.on("upgrade", (request, duplex, head) => {
    const socket = duplex as Socket
    socket.on("error", () => {}) // "close" follows
    const answer = acceptor.check(request)
    if (answer !== undefined) HttpAnswer.writeTo(socket, answer)
    else acceptor.upgrade(request, socket, head, scope)
  })
})
