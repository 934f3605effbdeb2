/**
 * From a text frame to a handler and back. A connection's frames come in through `receive`, synchronously and in
 * order; each request runs in one fiber of the connection's Scope and is answered once, or its connection ends.
 *
 * Order of the checks: a message, room in the queue, a known method, params of the right form; then the
 * middlewares (handshake, experimental gate) and the handler.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Headers from "effect/http/Headers"
import * as Rpc from "effect/rpc/Rpc"
import { RequestId as RpcRequestId } from "effect/rpc/RpcMessage"
import type * as RpcMiddleware from "effect/rpc/RpcMiddleware"
import type { AppServerRpc } from "../rpc/AppServerRpcs.ts"
import * as InvalidParams from "../rpc/InvalidParams.ts"
import { parse, printError, printResult, type Request } from "../rpc/JsonRpc.ts"
import { WireError, internalError, invalidRequest, overloaded } from "../rpc/WireError.ts"
import { Connection, type Frame, type Outbox } from "./Connection.ts"
import * as FaultSummary from "./FaultSummary.ts"
import * as LongText from "./LongText.ts"
import { RequestSlot } from "./RequestSlot.ts"
import * as RequestTelemetry from "./RequestTelemetry.ts"
import { ServedRpcs, type ConnectionAccess, type ConnectionReady } from "./ServedRpcs.ts"

/** Requests of one connection that may wait; one more is answered -32001 (measured on Codex 0.169.0). */
export const MAX_WAITING_REQUESTS = 128

/** Takes one text frame. */
export type Receive = (text: string) => void

export class Dispatcher extends Context.Service<
  Dispatcher,
  {
    /** Opens a connection whose answers go to `outbox`. When the Scope closes, what it started ends. */
    readonly connect: (outbox: Outbox) => Effect.Effect<Receive, never, Scope.Scope>
  }
>()("effect-app-server/Dispatcher") {
  static readonly layer: Layer.Layer<
    Dispatcher,
    never,
    Rpc.ToHandler<AppServerRpc> | ConnectionAccess | ConnectionReady
  > = Layer.effect(
    Dispatcher,
    Effect.gen(function* () {
      const context = yield* Effect.context<
        Rpc.ToHandler<AppServerRpc> | ConnectionAccess | ConnectionReady
      >()
      const routes = new Map<string, Route>()
      for (const [method, rpc] of ServedRpcs.requests) {
        routes.set(method, makeRoute(rpc as unknown as Rpc.AnyWithProps, context))
      }
      const methods = [...routes.keys()].map((method) => `\`${method}\``).join(", ")
      const run = Effect.runForkWith(context)
      const logFault = (what: string, cause: Cause.Cause<unknown>) => {
        run(Effect.logError(`${what}: ${FaultSummary.make(cause)}`))
        run(Effect.logDebug(what, cause))
      }
      const telemetry = yield* RequestTelemetry.make
      let lastClientId = 0
      return {
        connect: Effect.fnUntraced(function* (transport) {
          const life = yield* Effect.scope
          const scope = yield* Scope.fork(life, "parallel")
          const client = new Rpc.ServerClient(++lastClientId)
          const told = telemetry && (yield* telemetry.connect(client.id, transport))
          const connection = Connection.make(told?.outbox ?? transport, life)
          const { outbox } = connection
          client.annotate(Connection, connection)
          yield* Effect.addFinalizer(() => Effect.logDebug(`client ${client.id} is gone`))
          yield* Effect.logDebug(`client ${client.id} has connected`)
          let waiting = 0

          const serve = (request: Request): void => {
            const { id, method } = request
            const route = routes.get(method)
            const record = told?.begin(route && method)
            const refuse = (error: WireError) => {
              outbox.send(printError(id, error))
              record?.end(error.code)
            }
            if (waiting >= MAX_WAITING_REQUESTS) return refuse(overloaded())
            if (route === undefined) {
              return refuse(
                invalidRequest(`Invalid request: unknown variant \`${method}\`, expected one of ${methods}`)
              )
            }
            const fail = (cause: Cause.Cause<unknown>) => {
              logFault(`${method} failed`, cause)
              refuse(internalError("internal error; the server's log has the details"))
            }
            let params: ReturnType<typeof decode>
            try {
              params = decode(route, request.params)
            } catch (defect) {
              return fail(Cause.die(defect))
            }
            if (params._tag === "Failure") return refuse(invalidRequest(`Invalid request: ${params.failure}`))

            waiting++
            let released = false
            const release = () => {
              if (released) return
              waiting--
              released = true
              record?.waited()
            }
            const slot = { release: Effect.sync(release) }
            const answer = (result: unknown): void => {
              let frame: Frame
              try {
                frame = LongText.print(result, (result) => printResult(id, route.encode(result)))
              } catch (defect) {
                // text of control characters, six times as long in JSON, may exceed the longest string
                logFault(`the result of ${method} cannot be printed`, Cause.die(defect))
                return refuse(internalError("the result does not fit into one message"))
              }
              outbox.send(frame)
              record?.end("ok")
            }
            const handling = Effect.provideService(route.handle(params.success, client), RequestSlot, slot)
            const fiber = route.run(record === undefined ? handling : record.handling(handling))
            const finish = (exit: Exit.Exit<unknown, unknown>): void => {
              release()
              if (exit._tag === "Success") return answer(exit.value)
              const failure = Cause.findErrorOption(exit.cause)
              if (failure._tag === "Some") return refuse(failure.value as WireError)
              if (Cause.hasInterruptsOnly(exit.cause)) return record?.end("interrupted") // the connection is over
              fail(exit.cause)
            }
            const exit = fiber.pollUnsafe()
            if (exit !== undefined) return finish(exit)
            Fiber.runIn(fiber, scope)
            fiber.addObserver(finish)
          }

          return (text) => {
            told?.received(text)
            const message = parse(text)
            if (message._tag === "Request") serve(message)
            else if (message._tag === "Malformed")
              run(Effect.logError(`dropped a message: ${message.reason}`))
          }
        })
      }
    })
  )
}

/** What the table holds of a method: its handler behind its middlewares, its schemas compiled. */
interface Route {
  readonly payload: Schema.Top
  readonly decode: (params: unknown) => Exit.Exit<unknown, unknown>
  readonly encode: (result: unknown) => unknown
  readonly handle: (payload: unknown, client: Rpc.ServerClient) => Effect.Effect<unknown, unknown>
  /** In the context of the handler, which is merged once and not for each request. */
  readonly run: (handling: Effect.Effect<unknown, unknown>) => Fiber.Fiber<unknown, unknown>
}

/** Types are erased in the table; the group has checked them. */
type Handling = Effect.Effect<RpcMiddleware.SuccessValue, any>
type Options = Parameters<RpcMiddleware.Any>[1]

/** Handlers are not told the wire's id: it may be a string. */
const requestId = RpcRequestId("0")

const makeRoute = (rpc: Rpc.AnyWithProps, context: Context.Context<never>): Route => {
  const { context: handlerContext, handler } = context.mapUnsafe.get(rpc.key) as Rpc.Handler<string>
  const run = handler as unknown as (payload: unknown, options: Options) => Handling
  const middlewares = [...rpc.middlewares].map((key) => context.mapUnsafe.get(key.key) as RpcMiddleware.Any)
  const headers = Headers.empty
  return {
    payload: rpc.payloadSchema as Schema.Top,
    decode: Schema.decodeUnknownExit(rpc.payloadSchema as Schema.Codec<unknown>),
    encode: Schema.encodeUnknownSync(rpc.successSchema as Schema.Codec<unknown>),
    handle: (payload, client) => {
      const options: Options = { rpc, client, requestId, headers, payload }
      let effect = run(payload, options)
      for (const middleware of middlewares) effect = middleware(effect, options) as Handling
      return Effect.scoped(effect)
    },
    run: Effect.runForkWith(Context.merge(context, handlerContext))
  }
}

/** Params of the right form, or what is wrong with them. */
const decode = (
  route: Route,
  params: unknown
):
  | { readonly _tag: "Success"; readonly success: unknown }
  | { readonly _tag: "Failure"; readonly failure: string } => {
  const exit = route.decode(params ?? undefined) // null is none
  if (exit._tag === "Success") return { _tag: "Success", success: exit.value }
  if (params === undefined || params === null) return { _tag: "Failure", failure: "missing field `params`" }
  const judgement = InvalidParams.judge(route.payload, params)
  if (judgement._tag === "Problem") return { _tag: "Failure", failure: judgement.message }
  const again = route.decode(judgement.params)
  return again._tag === "Success"
    ? { _tag: "Success", success: again.value }
    : { _tag: "Failure", failure: String(Cause.squash(again.cause)) }
}
