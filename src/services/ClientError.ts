/** What can go wrong for a client of an app-server, besides what it did itself. None of it holds a token. */
import * as Schema from "effect/Schema"
import { Int64, JsonValue, optional } from "../rpc/Primitives.ts"

/** There is nobody to talk to: nothing listens there, or the server's program did not start. */
export class ConnectError extends Schema.TaggedError<ConnectError>()("ConnectError", {
  message: Schema.String
}) {}

/** The server answered, but not with a WebSocket: 401 without a good token, 403 for an origin, 503 when it is full. */
export class HandshakeRefused extends Schema.TaggedError<HandshakeRefused>()("HandshakeRefused", {
  /** Of the HTTP answer. */
  status: Schema.Int,
  /** What the answer says of the reason; at most 64 KiB of it. */
  body: Schema.String
}) {
  override get message() {
    return `the server refused the WebSocket with ${this.status}${this.body === "" ? "" : `: ${this.body}`}`
  }
}

/** The connection is over, and with it all that the client had started. Connect again if you want to. */
export class ConnectionLost extends Schema.TaggedError<ConnectionLost>()("ConnectionLost", {
  message: Schema.String
}) {}

/** The server refused a request. The README of the server lists the codes. */
export class RequestError extends Schema.TaggedError<RequestError>()("RequestError", {
  method: Schema.String,
  code: Int64,
  message: Schema.String,
  data: optional(JsonValue)
}) {}

/** Params of a wrong form, which were not sent, or an answer of a wrong form. */
export type InvalidMessage = Schema.SchemaError

/** Why there is no connection. */
export type OpenError = ConnectError | HandshakeRefused
/** Why a request has no result. */
export type CallError = RequestError | ConnectionLost | InvalidMessage
