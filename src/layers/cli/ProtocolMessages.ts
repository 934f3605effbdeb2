/** The messages of the contract with their methods, as clients in other languages want them: one type for each kind. */
import * as Context from "effect/Context"
import * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"
import { AppServerRpcs, ClientNotifications, ServerNotifications } from "../../rpc/AppServerRpcs.ts"
import { Experimental } from "../../rpc/Experimental.ts"
import { RequestId } from "../../rpc/JsonRpc.ts"
import { optional } from "../../rpc/Primitives.ts"
import type { GenerateOptions } from "./ProtocolTypes.ts"

/** Params that may be null in JSON, and are not to be given in TypeScript. */
const NO_PARAMS = optional(Schema.Null.annotate({ typescript: "undefined" })).annotateKey({
  alwaysPresent: true
})

export const clientRequest = (options: GenerateOptions): Schema.Top =>
  Schema.Union(
    [...AppServerRpcs.requests]
      .filter(([, rpc]) => options.experimental || !Context.get(rpc.annotations, Experimental))
      .map(([method, rpc]) =>
        Schema.Struct({
          method: Schema.Literal(method),
          id: RequestId,
          params: AST.isUndefined(rpc.payloadSchema.ast) ? NO_PARAMS : (rpc.payloadSchema as Schema.Top)
        })
      )
  ).annotate({ identifier: "ClientRequest", description: "What a client may ask." })

export const ClientNotification: Schema.Top = Schema.Union(
  ClientNotifications.map((method) => Schema.Struct({ method: Schema.Literal(method) }))
).annotate({ identifier: "ClientNotification", description: "What a client may tell." })

export const ServerNotification: Schema.Top = Schema.Union(
  Object.entries(ServerNotifications).map(([method, params]) =>
    Schema.Struct({ method: Schema.Literal(method), params: params as Schema.Top })
  )
).annotate({ identifier: "ServerNotification", description: "What the server tells." })
