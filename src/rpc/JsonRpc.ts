/**
 * The envelope: JSON-RPC 2.0 without the `jsonrpc` member, one object per message.
 *
 * A text is a request, a notification, an answer, or malformed. What is malformed gets no answer at all, for
 * the wire has no -32700; the reason is for the log.
 */
import * as Schema from "effect/Schema"
import { INTEGER_RANGES, JsonValue, Int64, optional, optionalNullable } from "./Primitives.ts"
import * as LosslessJson from "./LosslessJson.ts"
import { WireError } from "./WireError.ts"

export const RequestId = Schema.Union([Schema.String, Int64]).annotate({ identifier: "RequestId" })
/** Given back as it came: `7` and `"7"` differ, and integers are exact up to 64 bits. */
export type RequestId = string | number | bigint

export const W3cTraceContext = Schema.Struct({
  traceparent: optionalNullable(Schema.String),
  tracestate: optionalNullable(Schema.String)
}).annotate({ identifier: "W3cTraceContext" })
export type W3cTraceContext = typeof W3cTraceContext.Type

export const JsonRpcRequest = Schema.Struct({
  id: RequestId,
  method: Schema.String,
  params: optional(JsonValue),
  trace: optionalNullable(W3cTraceContext).annotateKey({
    description: "Where the request stands in a trace."
  })
}).annotate({ identifier: "JSONRPCRequest", description: "Expects an answer." })

export const JsonRpcNotification = Schema.Struct({
  method: Schema.String,
  params: optional(JsonValue)
}).annotate({ identifier: "JSONRPCNotification", description: "Expects no answer." })

/** What stands beside `method` and `params` in each notification of the server. */
export const Emitted = Schema.Struct({
  emittedAtMs: optional(Int64).annotateKey({
    description: "When the server sent it, in milliseconds of Unix time."
  })
}).annotate({ identifier: "Emitted" })

export const JsonRpcResponse = Schema.Struct({ id: RequestId, result: JsonValue }).annotate({
  identifier: "JSONRPCResponse",
  description: "The answer to a request that succeeded."
})

export const JsonRpcError = Schema.Struct({ error: WireError, id: RequestId }).annotate({
  identifier: "JSONRPCError",
  description: "The answer to a request that failed."
})

export const JsonRpcMessage = Schema.Union([
  JsonRpcRequest,
  JsonRpcNotification,
  JsonRpcResponse,
  JsonRpcError
]).annotate({ identifier: "JSONRPCMessage", description: "Whatever may stand in one frame." })

export interface Request {
  readonly _tag: "Request"
  readonly id: RequestId
  readonly method: string
  /** As it came; `undefined` when missing. */
  readonly params: unknown
}
export interface Notification {
  readonly _tag: "Notification"
  readonly method: string
  /** As it came; `undefined` when missing. */
  readonly params: unknown
}
export interface Answer {
  readonly _tag: "Answer"
  readonly id: RequestId
  /** As it came; `undefined` when the request failed. */
  readonly result: unknown
  /** As it came; `undefined` when the request succeeded. */
  readonly error: unknown
}
export interface Malformed {
  readonly _tag: "Malformed"
  readonly reason: string
}
export type Incoming = Request | Notification | Answer | Malformed

const malformed = (reason: string): Malformed => ({ _tag: "Malformed", reason })

const [MIN_INT64, MAX_INT64] = INTEGER_RANGES.i64

const isRequestId = (u: unknown): u is RequestId =>
  typeof u === "string" ||
  (typeof u === "number" && Number.isSafeInteger(u)) ||
  (typeof u === "bigint" && u >= MIN_INT64 && u <= MAX_INT64)

const isTrace = Schema.is(Schema.NullOr(W3cTraceContext))

/** The members of a request: a second one of the same name makes the message bad. */
const REQUEST_MEMBERS: ReadonlySet<string> = new Set(["id", "method", "params", "trace"])

/** Reads one message. */
export const parse = (text: string): Incoming => {
  const json = LosslessJson.parse(text, REQUEST_MEMBERS)
  if (json._tag === "Failure") return malformed(json.reason)
  const message = json.value
  if (typeof message !== "object" || message === null || Array.isArray(message)) {
    return malformed("not an object")
  }
  const { error, id, method, params, result, trace } = message as Record<string, unknown>
  if (typeof method === "string") {
    if (id === undefined) return { _tag: "Notification", method, params }
    if (!isRequestId(id)) return malformed("the id is neither a string nor a 64-bit integer")
    if (trace !== undefined && !Array.isArray(trace) && !isTrace(trace))
      return malformed("`trace` is no object")
    return { _tag: "Request", id, method, params }
  }
  if (method === undefined && isRequestId(id) && ("result" in message || "error" in message)) {
    return { _tag: "Answer", id, result, error }
  }
  return malformed("neither a request, a notification nor an answer")
}

const printId = (id: RequestId): string => (typeof id === "string" ? JSON.stringify(id) : String(id))

/** A string that only this stands for: no other string of the wire has a lone surrogate. */
const marked = (_key: string, item: unknown) => (typeof item === "bigint" ? `\ud800${item}` : item)

/** As `JSON.stringify`, which takes no `bigint`. */
const print = (value: unknown): string => {
  try {
    return JSON.stringify(value)
  } catch {
    return JSON.stringify(value, marked).replaceAll(/"\\ud800(-?\d+)"/g, "$1")
  }
}

/** A request of a client; `params` is an encoded value, `undefined` for none. */
export const printRequest = (id: RequestId, method: string, params: unknown): string =>
  `{"id":${printId(id)},"method":${JSON.stringify(method)}${params === undefined ? "" : `,"params":${print(params)}`}}`

/** The answer to a request that succeeded; `result` is an encoded value. */
export const printResult = (id: RequestId, result: unknown): string =>
  `{"id":${printId(id)},"result":${print(result)}}`

/** The answer to a request that failed. */
export const printError = (id: RequestId, { code, data, message }: WireError): string =>
  `{"error":{"code":${code},"message":${JSON.stringify(message)}${data === undefined ? "" : `,"data":${print(data)}`}},"id":${printId(id)}}`

/** A notification of the server; `emittedAtMs` is Unix time in milliseconds. */
export const printNotification = (method: string, params: unknown, emittedAtMs: number): string =>
  `{"method":${JSON.stringify(method)},"params":${print(params)},"emittedAtMs":${emittedAtMs}}`
