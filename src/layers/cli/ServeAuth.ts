/** From the flags that say who may connect to what judges the clients. The order of the checks is the original's. */
import * as path from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as CapabilityToken from "../auth/CapabilityToken.ts"
import type { TokenCheck } from "../auth/ConnectionAuth.ts"
import * as SecretFile from "../auth/SecretFile.ts"
import * as SignedBearerToken from "../auth/SignedBearerToken.ts"
import type { Access } from "../WebSocketTransport.ts"
import type { AuthArguments } from "./AuthArguments.ts"

/** The flags contradict each other, or lack something; `message` names them. */
export class AuthError extends Data.TaggedError("AuthError")<{ readonly message: string }> {}

const fail = (message: string) => Effect.fail(new AuthError({ message }))

const MODES = "`--ws-auth capability-token` or `--ws-auth signed-bearer-token`"
const I64 = 2n ** 63n

const hasTokenFlags = ({ tokenFile, tokenSha256 }: AuthArguments): boolean =>
  tokenFile !== undefined || tokenSha256 !== undefined
const hasSecretFlags = ({
  audience,
  issuer,
  maxClockSkewSeconds,
  sharedSecretFile
}: AuthArguments): boolean =>
  [audience, issuer, maxClockSkewSeconds, sharedSecretFile].some((value) => value !== undefined)

/** A blank one is none. */
const named = (claim: string | undefined): string | undefined => claim?.trim() || undefined

const capabilityToken = Effect.fnUntraced(function* ({ tokenFile, tokenSha256 }: AuthArguments) {
  if (tokenFile !== undefined && tokenSha256 !== undefined) {
    return yield* fail("`--ws-token-file` and `--ws-token-sha256` are mutually exclusive")
  }
  if (tokenFile !== undefined) {
    const token = yield* SecretFile.read(path.resolve(tokenFile))
    return CapabilityToken.make(CapabilityToken.digest(token))
  }
  if (tokenSha256 === undefined) {
    return yield* fail(
      "`--ws-token-file` or `--ws-token-sha256` is required when `--ws-auth capability-token` is set"
    )
  }
  const digest = CapabilityToken.parseDigest(tokenSha256.trim())
  if (digest === undefined) {
    return yield* fail("--ws-token-sha256 must be a 64-character hex SHA-256 digest")
  }
  return CapabilityToken.make(digest)
})

const signedBearerToken = Effect.fnUntraced(function* (args: AuthArguments) {
  const { maxClockSkewSeconds, sharedSecretFile } = args
  if (sharedSecretFile === undefined) {
    return yield* fail("`--ws-shared-secret-file` is required when `--ws-auth signed-bearer-token` is set")
  }
  if (maxClockSkewSeconds !== undefined && maxClockSkewSeconds >= I64) {
    return yield* fail("websocket auth clock skew must fit in a signed 64-bit integer")
  }
  const file = path.resolve(sharedSecretFile)
  const secret = new TextEncoder().encode(yield* SecretFile.read(file))
  const { MIN_SECRET_BYTES } = SignedBearerToken
  if (secret.length < MIN_SECRET_BYTES) {
    return yield* fail(`signed websocket bearer secret ${file} must be at least ${MIN_SECRET_BYTES} bytes`)
  }
  return yield* SignedBearerToken.make({
    secret,
    issuer: named(args.issuer),
    audience: named(args.audience),
    maxClockSkewSeconds
  })
})

const tokenCheck = (
  args: AuthArguments
): Effect.Effect<TokenCheck | undefined, AuthError | SecretFile.SecretFileError> => {
  switch (args.mode) {
    case "capability-token":
      return hasSecretFlags(args)
        ? fail(
            "`--ws-shared-secret-file`, `--ws-issuer`, `--ws-audience`, and `--ws-max-clock-skew-seconds` require `--ws-auth signed-bearer-token`"
          )
        : capabilityToken(args)
    case "signed-bearer-token":
      return hasTokenFlags(args)
        ? fail(
            "`--ws-token-file` and `--ws-token-sha256` require `--ws-auth capability-token`, not `signed-bearer-token`"
          )
        : signedBearerToken(args)
    case undefined:
      if (hasTokenFlags(args) || hasSecretFlags(args)) return fail(`websocket auth flags require ${MODES}`)
      return args.allowedOrigins.length > 0
        ? fail(`\`--allow-origin\` requires ${MODES}: any page of that origin could run commands`)
        : Effect.succeed(undefined)
  }
}

/** Reads the files that the flags name; a relative path starts at the working directory. */
export const resolve = (args: AuthArguments): Effect.Effect<Access, AuthError | SecretFile.SecretFileError> =>
  Effect.map(tokenCheck(args), (auth) => ({ auth, allowedOrigins: args.allowedOrigins }))
