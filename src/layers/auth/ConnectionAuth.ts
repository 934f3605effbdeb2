/** The bearer token of an upgrade request, and what is said where it does not open the connection. */
import type { IncomingHttpHeaders } from "node:http"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as BearerSubprotocol from "./BearerSubprotocol.ts"

/** The bodies of answers 401 (measured on Codex 0.169.0). */
export type Refusal =
  | "missing websocket bearer token"
  | "invalid authorization header"
  | "invalid websocket bearer token"
  | "invalid websocket jwt"
  | "expired websocket jwt"
  | "websocket jwt is not valid yet"
  | "websocket jwt issuer mismatch"
  | "websocket jwt audience mismatch"

/** The client may not connect. */
export class Unauthorized extends Data.TaggedError("Unauthorized")<{ readonly message: Refusal }> {}

/** Judges a token, which has no blanks around it. */
export type TokenCheck = (token: string) => Effect.Effect<void, Unauthorized>

const fail = (message: Refusal) => Effect.fail(new Unauthorized({ message }))

/** Visible ASCII with blanks between: what may stand in a header besides is none of a token's business. */
const BEARER = /^bearer ([\t\x20-\x7e]*)$/i

/**
 * Judges the token of `Authorization: Bearer TOKEN`; where there is no such header and `subprotocols` count, the one
 * that is offered as a subprotocol.
 */
export const authenticate = (
  headers: Pick<IncomingHttpHeaders, "authorization" | "sec-websocket-protocol">,
  check: TokenCheck,
  subprotocols: boolean
): Effect.Effect<void, Unauthorized> => {
  const { authorization } = headers
  if (authorization !== undefined) {
    const token = BEARER.exec(authorization)?.[1]?.trim()
    return !token ? fail("invalid authorization header") : check(token)
  }
  const offered = subprotocols ? BearerSubprotocol.offers(headers["sec-websocket-protocol"]) : []
  if (offered.length === 0) return fail("missing websocket bearer token")
  const token = offered.length === 1 ? BearerSubprotocol.decode(offered[0]!) : undefined
  return token === undefined ? fail("invalid authorization header") : check(token)
}
