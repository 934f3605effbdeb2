/**
 * The error object of the wire and its codes.
 *
 * The codes are the ones that Codex 0.169.0 was seen to send; it uses -32600 where JSON-RPC 2.0 has -32601 and
 * -32700, and so do we, because its clients expect that.
 */
import * as Schema from "effect/Schema"
import { Int64, JsonValue, optional } from "./Primitives.ts"

/** Unknown method, bad params, or a state in which the request makes no sense. */
export const INVALID_REQUEST = -32600
/** Params of the right form whose values do not fit together. */
export const INVALID_PARAMS = -32602
/** The system refused: a command that cannot be started, a file that cannot be read. */
export const INTERNAL_ERROR = -32603
/** A bounded queue is full; the same request may succeed later. */
export const OVERLOADED = -32001

/** What a failed request is answered with. Not a JavaScript `Error`, so that making one captures no stack. */
export class WireError extends Schema.Class<WireError>("effect-app-server/WireError")(
  {
    code: Int64.annotate({
      description: "What kind of failure this is; see the README for the codes in use."
    }),
    message: Schema.String.annotate({ description: "One sentence for a person." }),
    data: optional(JsonValue).annotateKey({ description: "Details for a program, where there are any." })
  },
  { identifier: "JSONRPCErrorError" }
) {}

/** By its prototype: the constructor, which parses what it is given, takes a tenth of the time of a refused request. */
const make =
  (code: number) =>
  (message: string, data?: unknown): WireError =>
    Object.assign(
      Object.create(WireError.prototype),
      data === undefined ? { code, message } : { code, message, data }
    )

export const invalidRequest = make(INVALID_REQUEST)
export const invalidParams = make(INVALID_PARAMS)
export const internalError = make(INTERNAL_ERROR)
/** `data` names the limit that was hit, where it is not the request queue of the connection. */
export const overloaded = (data?: {
  readonly limit: string
  readonly max: number
  readonly current: number
}) => make(OVERLOADED)("Server overloaded; retry later.", data)
