/** What the generators start from: the types of the contract, and what may be seen of them. */
import * as Context from "effect/Context"
import type * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"
import { AppServerRpcs, ServerNotifications } from "../../rpc/AppServerRpcs.ts"
import { Experimental } from "../../rpc/Experimental.ts"
import { HandshakeRpcs } from "../../rpc/Handshake.ts"
import {
  JsonRpcError,
  JsonRpcMessage,
  JsonRpcNotification,
  JsonRpcRequest,
  JsonRpcResponse,
  RequestId
} from "../../rpc/JsonRpc.ts"
import { WireError } from "../../rpc/WireError.ts"

export interface GenerateOptions {
  /** Also what needs the `experimentalApi` capability. */
  readonly experimental: boolean
}

/** The schemas of the messages themselves. */
export const ENVELOPE: ReadonlyArray<Schema.Top> = [
  JsonRpcMessage,
  JsonRpcRequest,
  JsonRpcNotification,
  JsonRpcResponse,
  JsonRpcError,
  WireError,
  RequestId
]

/** Params and response of `initialize`, which belong to version 1 of the protocol. */
export const handshakeTypes: ReadonlyArray<Schema.Top> = [...HandshakeRpcs.requests.values()].flatMap(
  (rpc) => [rpc.payloadSchema, rpc.successSchema]
)

/** The forms of an answer or a notification: extensions have one of their own. */
const formsOf = (schema: Schema.Top): ReadonlyArray<Schema.Top> =>
  nameOf(schema.ast) === undefined && "members" in schema
    ? (schema.members as ReadonlyArray<Schema.Top>)
    : [schema]

/** None for a method without params. */
const paramsOf = (schema: Schema.Top): ReadonlyArray<Schema.Top> =>
  AST.isUndefined(schema.ast) ? [] : [schema]

/** Params and response of each method, and the params of each notification. */
export const methodTypes = (options: GenerateOptions): ReadonlyArray<Schema.Top> => [
  ...[...AppServerRpcs.requests.values()]
    .filter((rpc) => options.experimental || !Context.get(rpc.annotations, Experimental))
    .flatMap((rpc): ReadonlyArray<Schema.Top> =>
      formsOf(rpc.successSchema).concat(paramsOf(rpc.payloadSchema))
    ),
  ...Object.values(ServerNotifications).flatMap(formsOf)
]

/** The name of a type that has one. */
export const nameOf = AST.resolveIdentifier

/** As {@link nameOf}, for types that cannot do without. */
export const requiredName = (ast: AST.AST): string => {
  const name = nameOf(ast)
  if (name === undefined) throw new Error(`A ${ast._tag} without a name cannot have a file of its own`)
  return name
}

/** Any JSON value, about which there is nothing to say. */
export const isJsonValue = (ast: AST.AST) => nameOf(ast) === "JsonValue"

/** A class by its members, anything else as it is. */
export const onTheWire = (ast: AST.AST): AST.AST => (ast._tag === "Declaration" ? AST.toEncoded(ast) : ast)

export const membersOf = (ast: AST.Objects, options: GenerateOptions) =>
  ast.propertySignatures
    .filter(({ type }) => options.experimental || type.context?.annotations?.experimental !== true)
    .map(({ name, type }) => ({ key: String(name), type, annotations: type.context?.annotations }))

/** `T` of `T | null`. */
export const withoutNull = (ast: AST.AST): AST.AST | undefined =>
  ast._tag === "Union" && ast.types.length === 2 && ast.types[1]!._tag === "Null" ? ast.types[0] : undefined
