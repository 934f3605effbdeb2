/**
 * The contract as a server serves it: each handler gets the `Connection` that its request came on, and all but
 * `initialize` only once that connection has shaken hands. These are RpcMiddlewares, so the handlers also run
 * under Effect's own `RpcServer`.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import type * as AST from "effect/SchemaAST"
import type * as Scope from "effect/Scope"
import type * as Rpc from "effect/rpc/Rpc"
import * as RpcMiddleware from "effect/rpc/RpcMiddleware"
import { ConnectedRpcs } from "../rpc/AppServerRpcs.ts"
import { Experimental } from "../rpc/Experimental.ts"
import { HandshakeRpcs } from "../rpc/Handshake.ts"
import { WireError, invalidRequest } from "../rpc/WireError.ts"
import { Connection } from "./Connection.ts"

/** Gives a handler its connection. */
export class ConnectionAccess extends RpcMiddleware.Service<ConnectionAccess, { provides: Connection }>()(
  "effect-app-server/ConnectionAccess"
) {}

/** Gives a handler its connection after the handshake, and what is experimental to those who asked for it. */
export class ConnectionReady extends RpcMiddleware.Service<ConnectionReady, { provides: Connection }>()(
  "effect-app-server/ConnectionReady",
  { error: WireError }
) {}

export class ServedRpcs extends HandshakeRpcs.middleware(ConnectionAccess).merge(
  ConnectedRpcs.middleware(ConnectionReady)
) {}

/** The client's connection. Where no transport introduced it, as under `RpcServer`, it begins here, for good. */
const connectionOf = (client: Rpc.ServerClient, scope: Scope.Scope): Connection["Service"] => {
  const known = Context.getOrUndefined(client.annotations as Context.Context<Connection>, Connection)
  if (known !== undefined) return known
  const connection = Connection.make({ send: () => {}, isDrained: () => true, drained: Effect.void }, scope)
  client.annotate(Connection, connection)
  return connection
}

const experimentalFields = new WeakMap<AST.AST, ReadonlyArray<string>>()
const experimentalFieldsOf = (ast: AST.AST): ReadonlyArray<string> => {
  let fields = experimentalFields.get(ast)
  if (fields === undefined) {
    const members = ast._tag === "Objects" ? ast.propertySignatures : []
    fields = members
      .filter((member) => member.type.context?.annotations?.["experimental"] === true)
      .map((member) => String(member.name))
    experimentalFields.set(ast, fields)
  }
  return fields
}

/** The experimental thing that a request uses, if it uses any. */
const experimentalUse = (rpc: Rpc.AnyWithProps, payload: unknown): string | undefined => {
  if (Context.get(rpc.annotations, Experimental)) return rpc._tag
  const params = payload as Readonly<Record<string, unknown>>
  const field = experimentalFieldsOf(rpc.payloadSchema.ast).find((field) => params[field] != null)
  return field && `${rpc._tag}.${field}`
}

export const layerMiddleware: Layer.Layer<ConnectionAccess | ConnectionReady> = Layer.mergeAll(
  Layer.effect(
    ConnectionAccess,
    Effect.map(Effect.scope, (scope) =>
      ConnectionAccess.of((effect, { client }) =>
        Effect.provideService(effect, Connection, connectionOf(client, scope))
      )
    )
  ),
  Layer.effect(
    ConnectionReady,
    Effect.map(Effect.scope, (scope) =>
      ConnectionReady.of((effect, { client, payload, rpc }) => {
        const connection = connectionOf(client, scope)
        const handshake = Ref.getUnsafe(connection.handshake)
        if (handshake._tag === "AwaitingInitialize") return Effect.fail(invalidRequest("Not initialized"))
        const use = handshake.experimentalApi ? undefined : experimentalUse(rpc, payload)
        return use === undefined
          ? Effect.provideService(effect, Connection, connection)
          : Effect.fail(invalidRequest(`${use} requires experimentalApi capability`))
      })
    )
  )
)
