/** One token for all clients, of which only the SHA-256 digest is kept. */
import * as crypto from "node:crypto"
import * as Effect from "effect/Effect"
import { Unauthorized, type TokenCheck } from "./ConnectionAuth.ts"

export const digest = (token: string): Buffer => crypto.createHash("sha256").update(token).digest()

/** A digest as it is written, in 64 hex digits. */
export const parseDigest = (hex: string): Buffer | undefined =>
  /^[\da-f]{64}$/i.test(hex) ? Buffer.from(hex, "hex") : undefined

/** Accepts the token with this digest, 32 bytes. How long it takes tells nothing of the token. */
export const make =
  (expected: Uint8Array): TokenCheck =>
  (token) =>
    crypto.timingSafeEqual(digest(token), expected)
      ? Effect.void
      : Effect.fail(new Unauthorized({ message: "invalid websocket bearer token" }))
