import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import * as AuthArguments from "../../src/layers/cli/AuthArguments.ts"
import * as ServeAuth from "../../src/layers/cli/ServeAuth.ts"
import { temporaryDirectory } from "../support/harness.ts"
import { SECRET, sign } from "../support/jwt.ts"

const NONE = AuthArguments.parse([])
const resolve = (given: Partial<AuthArguments.AuthArguments>) => ServeAuth.resolve({ ...NONE, ...given })

/** The path of a file with this content. */
const file = Effect.fnUntraced(function* (content: string) {
  const name = path.join(yield* temporaryDirectory, "secret")
  fs.writeFileSync(name, content, { mode: 0o600 })
  return name
})

const capability = { mode: "capability-token" } as const
const signed = { mode: "signed-bearer-token" } as const
const DIGEST = "1A7674EB4ee78df7e1ac439a93c3fa8e3c945784d4dec9fd8e3011738b2f1d62"
const TOKEN_FLAGS_FOREIGN =
  "`--ws-token-file` and `--ws-token-sha256` require `--ws-auth capability-token`, not `signed-bearer-token`"
const SECRET_FLAGS_FOREIGN =
  "`--ws-shared-secret-file`, `--ws-issuer`, `--ws-audience`, and `--ws-max-clock-skew-seconds` require `--ws-auth signed-bearer-token`"
const NO_MODE = "websocket auth flags require `--ws-auth capability-token` or `--ws-auth signed-bearer-token`"

describe("who may connect", () => {
  it.effect("is everybody without a flag", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* resolve({}), { auth: undefined, allowedOrigins: [] })
    })
  )

  it.effect("is who has the token of the file, or that of the digest", () =>
    Effect.gen(function* () {
      const tokenFile = yield* file("\t tok \r\n")
      for (const given of [{ tokenFile }, { tokenSha256: DIGEST }, { tokenSha256: ` ${DIGEST}\n` }]) {
        const { auth } = yield* resolve({ ...capability, ...given })
        yield* auth!("tok")
        assert.strictEqual((yield* Effect.flip(auth!("tok2"))).message, "invalid websocket bearer token")
      }
    })
  )

  it.effect("is whose token is signed with the secret; a blank issuer or audience is none", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_800_000_000_000)
      const sharedSecretFile = yield* file(`${SECRET}\n`)
      const exp = 1_800_000_060
      const { auth } = yield* resolve({ ...signed, sharedSecretFile, issuer: " ", audience: "" })
      yield* auth!(sign({ exp }))
      const strict = yield* resolve({ ...signed, sharedSecretFile, issuer: " i ", audience: " a " })
      yield* strict.auth!(sign({ exp, iss: "i", aud: "a" }))
      assert.strictEqual(
        (yield* Effect.flip(strict.auth!(sign({ exp })))).message,
        "websocket jwt issuer mismatch"
      )
      const skewed = yield* resolve({ ...signed, sharedSecretFile, maxClockSkewSeconds: 0n })
      assert.strictEqual(
        (yield* Effect.flip(skewed.auth!(sign({ exp: exp - 61 })))).message,
        "expired websocket jwt"
      )
    })
  )

  it.effect("may be pages, too, where there are tokens", () =>
    Effect.gen(function* () {
      const allowedOrigins = ["https://a.example"]
      assert.deepInclude(yield* resolve({ ...capability, tokenSha256: DIGEST, allowedOrigins }), {
        allowedOrigins
      })
      assert.match(
        (yield* Effect.flip(resolve({ allowedOrigins }))).message,
        /^`--allow-origin` requires `--ws-auth capability-token` or `--ws-auth signed-bearer-token`/
      )
    })
  )

  it.effect.each<readonly [Partial<AuthArguments.AuthArguments>, string]>([
    [{ tokenFile: "x" }, NO_MODE],
    [{ tokenSha256: "" }, NO_MODE],
    [{ sharedSecretFile: "x" }, NO_MODE],
    [{ issuer: "" }, NO_MODE],
    [{ audience: "" }, NO_MODE],
    [{ maxClockSkewSeconds: 0n }, NO_MODE],
    [
      capability,
      "`--ws-token-file` or `--ws-token-sha256` is required when `--ws-auth capability-token` is set"
    ],
    [
      { ...capability, tokenFile: "x", tokenSha256: "bad" },
      "`--ws-token-file` and `--ws-token-sha256` are mutually exclusive"
    ],
    [{ ...capability, tokenFile: "x", issuer: "" }, SECRET_FLAGS_FOREIGN],
    [{ ...capability, audience: "" }, SECRET_FLAGS_FOREIGN],
    [{ ...capability, sharedSecretFile: "x" }, SECRET_FLAGS_FOREIGN],
    [{ ...capability, maxClockSkewSeconds: 0n }, SECRET_FLAGS_FOREIGN],
    ...["", "abc", DIGEST.slice(1), `${DIGEST}0`, `g${DIGEST.slice(1)}`].map(
      (tokenSha256) =>
        [
          { ...capability, tokenSha256 },
          "--ws-token-sha256 must be a 64-character hex SHA-256 digest"
        ] as const
    ),
    [
      { ...capability, tokenFile: "/nonexistent/token" },
      "failed to read websocket auth secret /nonexistent/token: No such file or directory (os error 2)"
    ],
    [
      { ...capability, tokenFile: "nonexistent" },
      `failed to read websocket auth secret ${process.cwd()}/nonexistent: No such file or directory (os error 2)`
    ],
    [signed, "`--ws-shared-secret-file` is required when `--ws-auth signed-bearer-token` is set"],
    [{ ...signed, tokenFile: "x" }, TOKEN_FLAGS_FOREIGN],
    [{ ...signed, sharedSecretFile: "x", tokenSha256: "" }, TOKEN_FLAGS_FOREIGN],
    [
      { ...signed, sharedSecretFile: "x", maxClockSkewSeconds: 2n ** 63n },
      "websocket auth clock skew must fit in a signed 64-bit integer"
    ],
    [
      { ...signed, sharedSecretFile: "/nonexistent" },
      "failed to read websocket auth secret /nonexistent: No such file or directory (os error 2)"
    ]
  ])("is not said by %o", ([given, message]) =>
    Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(resolve(given))).message, message)
    })
  )

  it.effect("is not said by a secret that is too short", () =>
    Effect.gen(function* () {
      const sharedSecretFile = yield* file(`  ${SECRET.slice(1)}  \n`)
      assert.strictEqual(
        (yield* Effect.flip(resolve({ ...signed, sharedSecretFile }))).message,
        `signed websocket bearer secret ${sharedSecretFile} must be at least 32 bytes`
      )
      // bytes, not characters
      fs.writeFileSync(sharedSecretFile, "ö".repeat(16))
      yield* resolve({ ...signed, sharedSecretFile })
    })
  )
})
