/**
 * JSON Web Tokens that a third party signs with a secret which it shares with this server. The library checks the
 * signature; the claims are judged here, in the order of the original.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as LosslessJson from "../../rpc/LosslessJson.ts"
import { Int64, optionalNullable } from "../../rpc/Primitives.ts"
import { Unauthorized, type Refusal, type TokenCheck } from "./ConnectionAuth.ts"

/** The length of what HMAC-SHA-256 puts out; a shorter secret would be the weaker half (RFC 7518, 3.2). */
export const MIN_SECRET_BYTES = 32
/** How far clocks may differ, in seconds (measured on Codex 0.169.0). */
export const DEFAULT_MAX_CLOCK_SKEW_SECONDS = 30n

export interface SignedBearerTokenOptions {
  /** At least {@link MIN_SECRET_BYTES}. */
  readonly secret: Uint8Array
  /** What `iss` must be; not looked at if there is none. */
  readonly issuer?: string | undefined
  /** What `aud` must be or contain; not looked at if there is none. */
  readonly audience?: string | undefined
  readonly maxClockSkewSeconds?: bigint | undefined
}

const Claims = Schema.Struct({
  exp: Int64,
  nbf: optionalNullable(Int64),
  iss: optionalNullable(Schema.String),
  aud: optionalNullable(Schema.Union([Schema.String, Schema.Array(Schema.String)]))
})
type Claims = typeof Claims.Type
const NAMES: ReadonlySet<string> = new Set(Object.keys(Claims.fields))
const decodeClaims = Schema.decodeUnknownOption(Claims)

const claimsOf = (payload: Uint8Array): Option.Option<Claims> => {
  const json = LosslessJson.parse(Buffer.from(payload).toString(), NAMES)
  return json._tag === "Success" ? decodeClaims(json.value) : Option.none()
}

/** A signature in base64url, as the one way in which its bytes can be written. */
const isCanonical = (token: string): boolean => {
  const signature = token.slice(token.lastIndexOf(".") + 1)
  return Buffer.from(signature, "base64url").toString("base64url") === signature
}

/** Loads the library. */
export const make = Effect.fnUntraced(function* ({
  audience,
  issuer,
  maxClockSkewSeconds: skew = DEFAULT_MAX_CLOCK_SKEW_SECONDS,
  secret
}: SignedBearerTokenOptions) {
  const { compactVerify } = yield* Effect.promise(() => import("jose/jws/compact/verify"))
  // not extractable: nothing can print it from here on
  const key = yield* Effect.promise(() =>
    crypto.subtle.importKey("raw", new Uint8Array(secret), { name: "HMAC", hash: "SHA-256" }, false, [
      "verify"
    ])
  )

  const problem = ({ aud, exp, iss, nbf }: Claims, now: bigint): Refusal | undefined => {
    if (now > BigInt(exp) + skew) return "expired websocket jwt"
    if (typeof nbf !== "undefined" && nbf !== null && now < BigInt(nbf) - skew) {
      return "websocket jwt is not valid yet"
    }
    if (issuer !== undefined && iss !== issuer) return "websocket jwt issuer mismatch"
    if (audience !== undefined && !(typeof aud === "string" ? [aud] : (aud ?? [])).includes(audience)) {
      return "websocket jwt audience mismatch"
    }
    return undefined
  }

  const check: TokenCheck = Effect.fnUntraced(function* (token) {
    const invalid = new Unauthorized({ message: "invalid websocket jwt" })
    if (!isCanonical(token)) return yield* invalid
    const { payload } = yield* Effect.tryPromise({
      try: () => compactVerify(token, key, { algorithms: ["HS256"] }),
      catch: () => invalid
    })
    const claims = yield* Effect.mapError(Effect.fromOption(claimsOf(payload)), () => invalid)
    const message = problem(claims, BigInt(Math.floor((yield* Clock.currentTimeMillis) / 1000)))
    if (message !== undefined) return yield* new Unauthorized({ message })
  })
  return check
})
