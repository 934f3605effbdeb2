/**
 * An HTTP server that slow or greedy clients cannot fill: a request has a time and a size, and the sockets that
 * have not become WebSockets have a number. Node sees to the former two.
 */
import * as http from "node:http"
import type { ListenOptions, Socket } from "node:net"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { Limits } from "../services/Limits.ts"
import * as SystemError from "../services/SystemError.ts"

/** Target, names and values of the headers together; more is answered 431. A token of 8 KiB fits in. */
export const MAX_HEADER_BYTES = 16 * 1024
/** A twentieth of the time is what a socket may get on top. */
const CHECKS_PER_TIMEOUT = 20

/** Where it should listen it cannot; `message` is the system's text. */
export class ListenError extends Data.TaggedError("ListenError")<{ readonly message: string }> {}

export interface HttpListener {
  readonly server: http.Server
  /** The socket has become a WebSocket, whose owner is responsible for it. */
  readonly release: (socket: Socket) => void
  readonly listen: (where: ListenOptions) => Effect.Effect<void, ListenError>
}

/** Not listening yet. Its end ends all sockets that were not released, and waits for the others. */
export const make: Effect.Effect<HttpListener, never, Scope.Scope> = Effect.gen(function* () {
  const { handshakeTimeoutMs, maxPendingSockets } = yield* Limits
  /** The oldest first. */
  const pending = new Set<Socket>()
  const server = yield* Effect.acquireRelease(
    Effect.sync(() =>
      http.createServer({
        maxHeaderSize: MAX_HEADER_BYTES,
        headersTimeout: handshakeTimeoutMs,
        requestTimeout: handshakeTimeoutMs,
        connectionsCheckingInterval: Math.ceil(handshakeTimeoutMs / CHECKS_PER_TIMEOUT),
        requireHostHeader: false // we say more about it
      })
    ),
    (server) =>
      Effect.callback((resume) => {
        server.close(() => resume(Effect.void))
        for (const socket of pending) socket.destroy()
      })
  )
  server.maxHeadersCount = 0 // by default what comes behind 2000 is dropped in silence, an Origin too
  server.on("connection", (socket: Socket) => {
    pending.add(socket)
    socket.once("close", () => pending.delete(socket))
    // who is served goes within milliseconds, so the oldest is none that will be missed
    if (pending.size > maxPendingSockets) pending.values().next().value!.destroy()
  })
  return {
    server,
    release: (socket) => void pending.delete(socket),
    listen: (where) =>
      Effect.callback((resume) => {
        server.once("error", (error) =>
          resume(Effect.fail(new ListenError({ message: SystemError.text(error) })))
        )
        server.listen(where, () => resume(Effect.void))
      })
  }
})
