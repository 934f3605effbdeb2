/**
 * A typed client of an app-server, ours or the real Codex: one connection that has shaken hands.
 *
 * It ends with its Scope. When the connection is lost before, whoever waits gets a `ConnectionLost`; connecting again is
 * making another client, and up to the caller, for the server has ended all that this one had started.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import {
  ClientConnection,
  type Arguments,
  type Method,
  type Params,
  type Result
} from "./ClientConnection.ts"
import type { CallError, ConnectionLost, OpenError } from "./ClientError.ts"
import type { ClientTransport } from "./ClientTransport.ts"
import * as RemoteProcess from "./RemoteProcess.ts"
import type { NotificationMethod, NotificationParams } from "./Subscriptions.ts"

export class AppServerClient extends Context.Service<
  AppServerClient,
  {
    /** What the server said of itself in the handshake. */
    readonly server: Result<"initialize">
    /**
     * Asks for any method of the contract. When it is interrupted the answer is ignored, and what was started goes on:
     * for a command that ends then, use `exec`.
     */
    readonly request: <M extends Method>(
      method: M,
      ...params: Arguments<M>
    ) => Effect.Effect<Result<M>, CallError>
    /**
     * The params of each notification of a method, from when it is run; the newest 64 that came before if nobody
     * listened then. What is not read waits, as the output of a process does, which `exec` takes for itself.
     */
    readonly notifications: <M extends NotificationMethod>(
      method: M
    ) => Stream.Stream<NotificationParams<M>, ConnectionLost>
    /** Runs a command with its output streamed; when the Scope closes, or its fiber is interrupted, it is terminated. */
    readonly exec: (
      params: RemoteProcess.ExecParams
    ) => Effect.Effect<RemoteProcess.RemoteProcess, CallError, Scope.Scope>
  }
>()("effect-app-server/AppServerClient") {
  /** Connects and shakes hands, for which it has no time limit of its own. */
  static readonly make = (
    params: Params<"initialize">
  ): Effect.Effect<AppServerClient["Service"], OpenError | CallError, ClientTransport | Scope.Scope> =>
    Effect.gen(function* () {
      const connection = yield* ClientConnection.open
      const server = yield* connection.request("initialize", params)
      connection.notify("initialized")
      return {
        server,
        request: (method, ...[params]) => connection.request(method, params as Params<typeof method>),
        notifications: (method) => connection.subscriptions.stream(method),
        exec: (params) => RemoteProcess.exec(connection, params)
      }
    })

  static readonly layer = (
    params: Params<"initialize">
  ): Layer.Layer<AppServerClient, OpenError | CallError, ClientTransport> =>
    Layer.effect(AppServerClient, AppServerClient.make(params))
}
