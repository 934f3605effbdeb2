/**
 * The WebSocket route of the server as a layer on somebody's `HttpRouter`, beside their own routes and on their port.
 *
 * The group could also be served there by Effect's `RpcServer`, but that speaks Effect's wire, which no Codex client
 * knows. So this hands the socket of the request to the acceptor that serves our own ports, and the request lasts as
 * long as the connection: what it is answered with afterwards goes nowhere.
 *
 * Headers, their time and size are the business of the HTTP server that it is put on. That should be made with
 * `disablePreemptiveShutdown`, for otherwise its end waits 20 s for the clients to leave.
 */
import type { IncomingMessage } from "node:http"
import type { Socket } from "node:net"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { Dispatcher } from "../services/Dispatcher.ts"
import * as HostCheck from "./HostCheck.ts"
import * as HttpAnswer from "./HttpAnswer.ts"
import { isLoopback } from "./ListenAddress.ts"
import * as UpgradeChecks from "./UpgradeChecks.ts"
import * as WebSocketAcceptor from "./WebSocketAcceptor.ts"
import type { Access } from "./WebSocketTransport.ts"

/** A client sends nothing before it is answered (RFC 6455, 4.1), so nothing has come behind its headers. */
const NOTHING = Buffer.alloc(0)

const REMOTE = HttpAnswer.make(
  403,
  "This route is for its own machine: give it an `auth` to let others connect"
)

const toResponse = ({ body, headers, status }: HttpAnswer.HttpAnswer) =>
  HttpServerResponse.text(body, { status, headers })

const closed = (socket: Socket) =>
  Effect.callback<void>((resume) => {
    if (socket.destroyed) return resume(Effect.void)
    socket.once("close", () => resume(Effect.void))
  })

/** Whether the other end of the socket is on this machine; a unix socket has no address. */
const isLocal = ({ localAddress }: Socket) =>
  localAddress === undefined || isLoopback(localAddress.replace(/^::ffff:/i, ""))

/** Serves WebSockets on this path. Without `auth` it is for clients on this machine, whatever the server listens on. */
export const layer = (
  path: HttpRouter.PathInput,
  { allowedOrigins = [], auth }: Access = {}
): Layer.Layer<never, never, HttpRouter.HttpRouter | Dispatcher> =>
  HttpRouter.use((router) =>
    Effect.gen(function* () {
      const rules = {
        auth,
        allowedOrigins: new Set(allowedOrigins),
        checkHost: auth === undefined ? HostCheck.make("127.0.0.1") : undefined
      }
      const acceptor = yield* WebSocketAcceptor.make(rules, () => {})

      const connection = Effect.fnUntraced(function* (request: IncomingMessage, socket: Socket) {
        // behind the end of the connection, which sends a close frame
        yield* Effect.addFinalizer(() => closed(socket))
        acceptor.upgrade(request, socket, NOTHING, yield* Effect.scope)
        yield* closed(socket)
        return HttpServerResponse.empty()
      }, Effect.scoped)

      yield* router.add("GET", path, (serverRequest) => {
        const request = NodeHttpServerRequest.toIncomingMessage(serverRequest) as IncomingMessage & {
          readonly upgrade?: boolean
        }
        const { socket } = request
        if (auth === undefined && !isLocal(socket)) return Effect.succeed(toResponse(REMOTE))
        const answer =
          acceptor.check(request) ?? (request.upgrade === true ? undefined : UpgradeChecks.NO_UPGRADE)
        return answer === undefined ? connection(request, socket) : Effect.succeed(toResponse(answer))
      })
    })
  )
