/** `initialize`: who the client is and what it can do. The first request of each connection. */
import * as Schema from "effect/Schema"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import { AbsolutePathBuf, JsonValue, defaulted, nullable, optional, optionalNullable } from "./Primitives.ts"
import { WireError } from "./WireError.ts"

export const ClientInfo = Schema.Struct({
  name: Schema.String.annotateKey({
    description:
      "Name of the client program. It becomes part of `userAgent`, so it must be a valid header value."
  }),
  title: nullable(Schema.String).annotateKey({ description: "A name for people." }),
  version: Schema.String
}).annotate({ identifier: "ClientInfo" })

export const InitializeCapabilities = Schema.Struct({
  requiredHumanApproval: optional(Schema.Boolean).annotateKey({
    description: "Accepted for compatibility: this server never asks for approvals."
  }),
  explicitGatewayOauth: optional(Schema.Boolean).annotateKey({
    description: "Accepted for compatibility: this server never logs in anywhere."
  }),
  experimentalApi: defaulted(Schema.Boolean, false).annotateKey({
    description: "Lets this connection use experimental methods and fields."
  }),
  requestAttestation: defaulted(Schema.Boolean, false).annotateKey({
    description: "Accepted for compatibility: this server never asks for attestations."
  }),
  mcpServerOpenaiFormElicitation: optional(Schema.Boolean).annotateKey({
    description: "Accepted for compatibility: this server runs no MCP servers."
  }),
  optOutNotificationMethods: optionalNullable(Schema.Array(Schema.String)).annotateKey({
    description:
      "Names of notifications that this connection does not want, such as `command/exec/outputDelta`."
  }),
  extensions: optionalNullable(Schema.Record(Schema.String, JsonValue)).annotateKey({
    description: "Settings of protocol extensions, by the name of the extension."
  })
}).annotate({
  identifier: "InitializeCapabilities",
  description: "What the client can do and wants; unknown members are ignored."
})
export type InitializeCapabilities = typeof InitializeCapabilities.Type

export const InitializeParams = Schema.Struct({
  clientInfo: ClientInfo,
  capabilities: nullable(InitializeCapabilities)
}).annotate({ identifier: "InitializeParams" })
export type InitializeParams = typeof InitializeParams.Type

export const InitializeResponse = Schema.Struct({
  userAgent: Schema.String.annotateKey({
    description:
      "`<originator>/<version> (<os>; <architecture>) <terminal> (<client name>; <client version>)`. The originator is the first client of the server's life."
  }),
  codexHome: AbsolutePathBuf.annotateKey({ description: "The server's configuration directory." }),
  platformFamily: Schema.String.annotateKey({ description: "`unix` or `windows`." }),
  platformOs: Schema.String.annotateKey({ description: "`linux`, `macos` or `windows`." })
}).annotate({ identifier: "InitializeResponse" })
export type InitializeResponse = typeof InitializeResponse.Type

export class HandshakeRpcs extends RpcGroup.make(
  Rpc.make("initialize", { payload: InitializeParams, success: InitializeResponse, error: WireError })
) {}
