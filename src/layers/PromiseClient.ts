/** The client for people without Effect: promises, async iterables, and errors that are thrown. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { CommandExecTerminalSize } from "../rpc/CommandExec.ts"
import { AppServerClient } from "../services/AppServerClient.ts"
import type { Arguments, Method, Params, Result } from "../services/ClientConnection.ts"
import type { OutputChunk } from "../services/OutputBuffer.ts"
import type * as RemoteProcess from "../services/RemoteProcess.ts"
import type { NotificationMethod, NotificationParams } from "../services/Subscriptions.ts"
import * as StdioClient from "./StdioClient.ts"
import * as WebSocketClient from "./WebSocketClient.ts"

/** A URL as for `WebSocketClient`, or a server to start. */
export type Target = string | StdioClient.StdioClientOptions

export interface ConnectOptions extends Params<"initialize"> {
  /** For a server with `--ws-auth`. */
  readonly token?: string | undefined
  /** Gives up connecting. */
  readonly signal?: AbortSignal | undefined
}

/** As `RemoteProcess`. A loop over output that is left early takes with it what it was handed already. */
export interface PromiseProcess {
  readonly processId: string
  readonly output: AsyncIterable<OutputChunk>
  readonly stdout: AsyncIterable<Uint8Array>
  readonly stderr: AsyncIterable<Uint8Array>
  readonly exit: () => Promise<RemoteProcess.ExecResult>
  readonly write: (input: Uint8Array | string) => Promise<void>
  readonly closeStdin: () => Promise<void>
  readonly resize: (size: CommandExecTerminalSize) => Promise<void>
  readonly terminate: () => Promise<void>
  /** Terminates it if it runs, and throws away what nobody read. */
  readonly close: () => Promise<void>
}

/** As `AppServerClient`. What fails rejects with the same errors, which have a `_tag`. */
export interface PromiseClient {
  readonly server: Result<"initialize">
  readonly request: <M extends Method>(method: M, ...params: Arguments<M>) => Promise<Result<M>>
  readonly notifications: <M extends NotificationMethod>(method: M) => AsyncIterable<NotificationParams<M>>
  readonly exec: (params: RemoteProcess.ExecParams) => Promise<PromiseProcess>
  /** Ends the connection, and so all that this client started. */
  readonly close: () => Promise<void>
}

/** What belongs to it ends with the function that comes with it, or at once if it fails. */
const open = async <A, E>(
  effect: Effect.Effect<A, E, Scope.Scope>,
  signal?: AbortSignal
): Promise<readonly [A, () => Promise<void>]> => {
  const scope = Scope.makeUnsafe()
  const opening = effect.pipe(
    Scope.provide(scope),
    Effect.onExit((exit) => (Exit.isFailure(exit) ? Scope.close(scope, exit) : Effect.void))
  )
  const value = await Effect.runPromise(opening, signal && { signal })
  return [value, () => Effect.runPromise(Scope.close(scope, Exit.void))]
}

const promiseProcess = (
  process: RemoteProcess.RemoteProcess,
  close: () => Promise<void>
): PromiseProcess => ({
  processId: process.processId,
  output: Stream.toAsyncIterable(process.output),
  stdout: Stream.toAsyncIterable(process.stdout),
  stderr: Stream.toAsyncIterable(process.stderr),
  exit: () => Effect.runPromise(process.exit),
  write: (input) => Effect.runPromise(process.write(input)),
  closeStdin: () => Effect.runPromise(process.closeStdin),
  resize: (size) => Effect.runPromise(process.resize(size)),
  terminate: () => Effect.runPromise(process.terminate),
  close
})

/** Connects and shakes hands. */
export const connect = async (
  target: Target,
  { signal, token, ...params }: ConnectOptions
): Promise<PromiseClient> => {
  const transport =
    typeof target === "string"
      ? WebSocketClient.layer({ url: target, token: token === undefined ? undefined : Redacted.make(token) })
      : StdioClient.layer(target)
  const [client, close] = await open(Effect.provide(AppServerClient.make(params), transport), signal)
  return {
    server: client.server,
    request: (method, ...params) => Effect.runPromise(client.request(method, ...params)),
    notifications: (method) => Stream.toAsyncIterable(client.notifications(method)),
    exec: async (params) => promiseProcess(...(await open(client.exec(params)))),
    close
  }
}
