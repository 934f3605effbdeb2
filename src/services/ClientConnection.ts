/**
 * The client's side of one connection: requests out, answers to who waits for them, notifications to who listens.
 * What it may ask and be told is the contract in `src/rpc`; there is no second list of methods.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as Rpc from "effect/rpc/Rpc"
import {
  AppServerRpcs,
  ServerNotifications,
  type AppServerRpc,
  type ClientNotificationMethod
} from "../rpc/AppServerRpcs.ts"
import type { CommandExecOutputDeltaNotification } from "../rpc/CommandExec.ts"
import { parse, printError, printRequest, type Answer } from "../rpc/JsonRpc.ts"
import { WireError } from "../rpc/WireError.ts"
import * as Base64 from "./Base64.ts"
import {
  ConnectionLost,
  RequestError,
  type CallError,
  type InvalidMessage,
  type OpenError
} from "./ClientError.ts"
import { ClientTransport, type ClientLink } from "./ClientTransport.ts"
import type { OutputChunk } from "./OutputBuffer.ts"
import { Subscriptions } from "./Subscriptions.ts"
import { ReadingGate } from "./UnreadQueue.ts"

/** A method of the contract. */
export type Method = AppServerRpc["_tag"]
export type Params<M extends Method> = Rpc.PayloadConstructor<Rpc.ExtractTag<AppServerRpc, M>>
/** What stands behind the method: nothing if it has no params. */
export type Arguments<M extends Method> = undefined extends Params<M> ? [] : [params: Params<M>]
export type Result<M extends Method> = Rpc.Success<Rpc.ExtractTag<AppServerRpc, M>>

/** JSON-RPC's code for a method that is not there. */
const METHOD_NOT_FOUND = -32601

type Codec = Schema.Codec<unknown>
type Delta = CommandExecOutputDeltaNotification

const decodeError = Schema.decodeUnknownExit(WireError)
const decoders = new Map(
  Object.entries(ServerNotifications).map(([method, schema]) => [method, Schema.decodeUnknownExit(schema)])
)

const schemas = (method: Method) => AppServerRpcs.requests.get(method) as unknown as Rpc.AnyWithProps

/** Params as they go over the wire. */
export const encodeParams = <M extends Method>(method: M, params: Params<M>) =>
  Schema.encodeUnknownEffect(schemas(method).payloadSchema as Codec)(params)

const decodeResult = <M extends Method>(method: M, result: unknown) =>
  Schema.decodeUnknownExit(schemas(method).successSchema as Codec)(result) as Exit.Exit<
    Result<M>,
    InvalidMessage
  >

/** A request without an answer yet. Types are erased here; whoever sent it knows them. */
interface Waiting {
  readonly method: Method
  readonly done: (exit: Exit.Exit<any, CallError>) => void
}

export class ClientConnection {
  #link: ClientLink | undefined
  #lost: ConnectionLost | undefined
  #lastId = 0
  readonly #waiting = new Map<number, Waiting>()
  readonly gate = new ReadingGate(
    () => this.#link?.pause(),
    () => this.#link?.resume()
  )
  readonly subscriptions = new Subscriptions(this.gate)
  /** Who takes the output of a command, by process id. Others' output goes to who listens to the notification. */
  readonly outputs = new Map<string, (chunk: OutputChunk) => void>()
  #lastProcess = 0

  /** Opens one; with the Scope it ends. */
  static readonly open: Effect.Effect<ClientConnection, OpenError, ClientTransport | Scope.Scope> =
    Effect.gen(function* () {
      const transport = yield* ClientTransport
      const connection = new ClientConnection()
      connection.#link = yield* transport.open({
        receive: (text) => connection.#receive(text),
        lost: (reason) => connection.#lose(reason)
      })
      yield* Effect.addFinalizer(() => Effect.sync(() => connection.#lose("closed by this client")))
      return connection
    })

  /** Sends a request at once, its params encoded. `done` is called at most once, in the order of the wire. */
  post<M extends Method>(
    method: M,
    params: unknown,
    done: (exit: Exit.Exit<Result<M>, CallError>) => void
  ): { readonly forget: () => void } {
    const id = ++this.#lastId
    if (this.#lost === undefined) {
      this.#waiting.set(id, { method, done })
      this.#link?.send(printRequest(id, method, params))
    } else {
      done(Exit.fail(this.#lost))
    }
    return { forget: () => void this.#waiting.delete(id) }
  }

  /** Sends a request and waits for its answer. If that is interrupted, the answer is ignored. */
  request<M extends Method>(method: M, params: Params<M>): Effect.Effect<Result<M>, CallError> {
    return Effect.flatMap(encodeParams(method, params), (encoded) =>
      Effect.callback<Result<M>, CallError>((resume) => {
        const { forget } = this.post(method, encoded, resume)
        return Effect.sync(forget)
      })
    )
  }

  /** A process id that none of our commands has. */
  freeProcessId(): string {
    const id = `exec-${++this.#lastProcess}`
    return this.outputs.has(id) ? this.freeProcessId() : id
  }

  /** Sends a notification. */
  notify(method: ClientNotificationMethod): void {
    this.#link?.send(JSON.stringify({ method }))
  }

  #receive(text: string): void {
    if (this.#lost !== undefined) return
    const message = parse(text)
    switch (message._tag) {
      case "Answer":
        return this.#answered(message)
      case "Notification":
        return this.#notified(message.method, message.params, text.length)
      case "Request": {
        const problem = `this client serves no ${message.method}`
        return this.#link?.send(
          printError(message.id, new WireError({ code: METHOD_NOT_FOUND, message: problem }))
        )
      }
      case "Malformed":
        return this.#violated(`a message is ${message.reason}`)
    }
  }

  #answered({ error, id, result }: Answer): void {
    const request = this.#waiting.get(id as number)
    if (request === undefined) return
    this.#waiting.delete(id as number)
    if (error === undefined || error === null) return request.done(decodeResult(request.method, result))
    const decoded = decodeError(error)
    request.done(
      decoded._tag === "Failure"
        ? decoded
        : Exit.fail(new RequestError({ method: request.method, ...decoded.value }))
    )
  }

  #notified(method: string, params: unknown, bytes: number): void {
    const decoded = decoders.get(method)?.(params)
    if (decoded === undefined) return // of a server that knows more than we do
    // one that is dropped may have been output, and a hole in that would not be seen
    if (decoded._tag === "Failure") return this.#violated(`the params of ${method} are of a wrong form`)
    if (method === "command/exec/outputDelta") {
      const delta = decoded.value as Delta
      const output = this.outputs.get(delta.processId)
      if (output !== undefined) {
        const bytes = Base64.decode(delta.deltaBase64)
        return bytes._tag === "Success"
          ? output({ ...delta, bytes: bytes.success })
          : this.#violated(`output is no base64: ${bytes.failure}`)
      }
    }
    this.subscriptions.deliver(method, decoded.value, bytes)
  }

  /** The other side is no app-server, or one of a version with which we cannot talk. */
  #violated(problem: string): void {
    this.#lose(`the server does not keep to the protocol: ${problem}`)
    this.#link?.destroy()
  }

  #lose(reason: string): void {
    if (this.#lost !== undefined) return
    const lost = (this.#lost = new ConnectionLost({ message: reason }))
    for (const { done } of this.#waiting.values()) done(Exit.fail(lost))
    this.#waiting.clear()
    this.subscriptions.end(lost)
  }
}
