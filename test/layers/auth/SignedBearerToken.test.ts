import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { TestClock } from "effect/testing"
import * as SignedBearerToken from "../../../src/layers/auth/SignedBearerToken.ts"
import { RUNS } from "../../support/runs.ts"
import { SECRET, sign, type SignOptions } from "../../support/jwt.ts"

/** Seconds since 1970, for all tests. */
const NOW = 1_800_000_000
const GOOD = { exp: NOW + 600, iss: "iss1", aud: "aud1" }
const OK = "accepted"
const INVALID = "invalid websocket jwt"
const EXPIRED = "expired websocket jwt"
const EARLY = "websocket jwt is not valid yet"
const ISSUER = "websocket jwt issuer mismatch"
const AUDIENCE = "websocket jwt audience mismatch"

type Options = Omit<SignedBearerToken.SignedBearerTokenOptions, "secret">
const BOTH: Options = { issuer: "iss1", audience: "aud1" }

/** Accepted, or the body of the 401. */
const judged = (token: string, options: Options = BOTH) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(NOW * 1000 + 999)
    const check = yield* SignedBearerToken.make({ ...options, secret: Buffer.from(SECRET) })
    return yield* Effect.match(check(token), {
      onSuccess: () => OK,
      onFailure: ({ message }) => message as string
    })
  })

/** The claims with a member in JSON of its own. */
const withClaim = (name: string, json: string) => {
  const { [name as "exp"]: _, ...rest } = GOOD
  return `{"${name}":${json},${JSON.stringify(rest).slice(1)}`
}

describe("a signed bearer token", () => {
  it.effect.each<readonly [claims: object | string, expected: string]>([
    [GOOD, OK],
    [{ ...GOOD, sub: 5, iat: "x", jti: [1], scope: { a: [] } }, OK],
    [`${JSON.stringify(GOOD)} \n`, OK],
    [{ ...GOOD, exp: NOW }, OK],
    [{ ...GOOD, exp: NOW - 30 }, OK],
    [{ ...GOOD, exp: NOW - 31 }, EXPIRED],
    [{ ...GOOD, exp: 0 }, EXPIRED],
    [{ ...GOOD, exp: -5 }, EXPIRED],
    [withClaim("exp", "9223372036854775807"), OK],
    [withClaim("exp", "-9223372036854775808"), EXPIRED],
    [withClaim("exp", "9223372036854775808"), INVALID],
    [withClaim("exp", `${NOW + 600}.0`), INVALID],
    [withClaim("exp", `${NOW + 600}.5`), INVALID],
    [withClaim("exp", "9e9"), INVALID],
    [withClaim("exp", `"${NOW + 600}"`), INVALID],
    [withClaim("exp", "null"), INVALID],
    [withClaim("exp", "true"), INVALID],
    [withClaim("exp", `[${NOW + 600}]`), INVALID],
    [withClaim("exp", `1,"exp":${NOW + 600}`), INVALID],
    [{ iss: "iss1", aud: "aud1" }, INVALID],
    [{ ...GOOD, nbf: NOW + 30 }, OK],
    [{ ...GOOD, nbf: NOW + 31 }, EARLY],
    [{ ...GOOD, nbf: null }, OK],
    [withClaim("nbf", "9223372036854775807"), EARLY],
    [withClaim("nbf", "-9223372036854775808"), OK],
    [withClaim("nbf", "1.0"), INVALID],
    [{ ...GOOD, nbf: "1" }, INVALID],
    [{ ...GOOD, iss: "iss2" }, ISSUER],
    [{ ...GOOD, iss: "" }, ISSUER],
    [{ ...GOOD, iss: null }, ISSUER],
    [{ exp: GOOD.exp, aud: "aud1" }, ISSUER],
    [{ ...GOOD, iss: ["iss1"] }, INVALID],
    [{ ...GOOD, iss: 5 }, INVALID],
    [withClaim("iss", `"x","iss":"iss1"`), INVALID],
    [{ ...GOOD, aud: ["x", "aud1"] }, OK],
    [{ ...GOOD, aud: "aud2" }, AUDIENCE],
    [{ ...GOOD, aud: " aud1" }, AUDIENCE],
    [{ ...GOOD, aud: [] }, AUDIENCE],
    [{ ...GOOD, aud: ["x"] }, AUDIENCE],
    [{ ...GOOD, aud: null }, AUDIENCE],
    [{ exp: GOOD.exp, iss: "iss1" }, AUDIENCE],
    [{ ...GOOD, aud: ["aud1", 5] }, INVALID],
    [{ ...GOOD, aud: [["aud1"]] }, INVALID],
    [{ ...GOOD, aud: { aud1: true } }, INVALID],
    [{ exp: 1, nbf: NOW + 99, iss: "x", aud: "x" }, EXPIRED],
    [{ exp: GOOD.exp, nbf: NOW + 99, iss: "x", aud: "x" }, EARLY],
    [{ exp: GOOD.exp, iss: "x", aud: "x" }, ISSUER],
    [[GOOD.exp, null, "iss1", "aud1"], INVALID],
    ["null", INVALID],
    ["5", INVALID],
    ["", INVALID],
    ["{", INVALID],
    [`\u{feff}${JSON.stringify(GOOD)}`, INVALID],
    [`${JSON.stringify(GOOD)} x`, INVALID],
    [`{"x":${"[".repeat(4000)}${"]".repeat(4000)},${JSON.stringify(GOOD).slice(1)}`, INVALID]
  ])("with the claims %j is %s", ([claims, expected]) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* judged(sign(claims)), expected)
    })
  )

  it.effect("may have any issuer and audience where none is expected", () =>
    Effect.gen(function* () {
      for (const claims of [{ exp: GOOD.exp }, { exp: GOOD.exp, iss: "any", aud: ["any"] }]) {
        assert.strictEqual(yield* judged(sign(claims), {}), OK)
      }
      assert.strictEqual(yield* judged(sign({ exp: GOOD.exp, iss: 5 }), {}), INVALID)
      assert.strictEqual(yield* judged(sign({ exp: GOOD.exp, aud: "aud1" }), { audience: "aud1" }), OK)
      assert.strictEqual(yield* judged(sign({ exp: GOOD.exp }), { issuer: "iss1" }), ISSUER)
    })
  )

  it.effect("goes by the skew of clocks that is allowed", () =>
    Effect.gen(function* () {
      const at = (maxClockSkewSeconds: bigint, claims: object) =>
        judged(sign({ ...GOOD, ...claims }), { ...BOTH, maxClockSkewSeconds })
      assert.strictEqual(yield* at(0n, { exp: NOW }), OK)
      assert.strictEqual(yield* at(0n, { exp: NOW - 1 }), EXPIRED)
      assert.strictEqual(yield* at(0n, { nbf: NOW }), OK)
      assert.strictEqual(yield* at(0n, { nbf: NOW + 1 }), EARLY)
      assert.strictEqual(yield* at(3600n, { exp: NOW - 3600 }), OK)
      assert.strictEqual(yield* at(2n ** 63n - 1n, { exp: -5, nbf: 2 ** 52 }), OK)
    })
  )

  it.effect.each<readonly [what: string, options: SignOptions]>([
    ["another secret", { secret: `${SECRET}x` }],
    ["alg none", { header: { alg: "none" } }],
    ["alg None", { header: { alg: "None" } }],
    ["alg hs256", { header: { alg: "hs256" } }],
    ["alg HS384", { header: { alg: "HS384" }, hash: "sha384" }],
    ["alg HS512", { header: { alg: "HS512" }, hash: "sha512" }],
    ["alg HS512 that says HS256", { hash: "sha512" }],
    ["alg RS256", { header: { alg: "RS256" } }],
    ["alg in a list", { header: { alg: ["HS256"] } }],
    ["no alg", { header: { typ: "JWT" } }],
    ["a critical extension", { header: { alg: "HS256", crit: ["x"], x: 1 } }],
    ["an unencoded payload", { header: { alg: "HS256", crit: ["b64"], b64: false } }],
    ["a key of its own", { header: { alg: "HS256", jwk: { kty: "oct", k: "eA" } }, secret: "x" }],
    ["a header that is a list", { header: ["HS256"] }]
  ])("with %s is invalid", ([, options]) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* judged(sign(GOOD, options)), INVALID)
    })
  )

  const [header, payload, signature] = sign(GOOD).split(".") as [string, string, string]
  it.effect.each([
    "",
    ".",
    "..",
    "abc",
    "a.b.c",
    `${header}.${payload}`,
    `${header}.${payload}.`,
    `.${payload}.${signature}`,
    `${header}..${signature}`,
    `${header}.${payload}.${signature}.x`,
    `${header}.${payload}.${signature}.`,
    `${header}.${payload}.${signature}=`,
    `${header}.${payload}=.${signature}`,
    `${header}.${payload}. ${signature}`,
    `${header}. ${payload}.${signature}`,
    `${header}.${payload}.${signature} more`,
    `${header}.${payload}.${signature.slice(0, -1)}`,
    `${header}.${payload}.${signature}AAAA`,
    `${payload}.${header}.${signature}`,
    `${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload}.`,
    "x".repeat(16_000),
    `${".".repeat(16_000)}`
  ])("of the form %s is invalid", (token) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* judged(token), INVALID)
    })
  )

  const At = Schema.Natural
  const Mutation = Schema.Union([
    Schema.Struct({ how: Schema.Literal("truncate"), at: At }),
    Schema.Struct({ how: Schema.Literals(["replace", "insert"]), at: At, text: Schema.String }),
    Schema.Struct({ how: Schema.Literal("delete"), at: At, length: At }),
    Schema.Struct({ how: Schema.Literal("flip"), at: At, bit: At })
  ])
  const mutate = (token: string, mutation: typeof Mutation.Type): string => {
    const at = mutation.at % (token.length + 1)
    const head = token.slice(0, at)
    switch (mutation.how) {
      case "truncate":
        return head
      case "insert":
        return head + mutation.text + token.slice(at)
      case "replace":
        return head + mutation.text + token.slice(at + mutation.text.length)
      case "delete":
        return head + token.slice(at + (mutation.length % 9))
      case "flip":
        return (
          head +
          token
            .slice(at, at + 1)
            .replace(/^[^]/, (c) => String.fromCharCode(c.charCodeAt(0) ^ (1 << (mutation.bit % 7)))) +
          token.slice(at + 1)
        )
    }
  }

  it.effect.prop(
    "is invalid as soon as anything about it changes",
    { mutations: Schema.NonEmptyArray(Mutation) },
    ({ mutations }) =>
      Effect.gen(function* () {
        const token = sign(GOOD)
        const mutated = mutations.reduce(mutate, token)
        assert.strictEqual(yield* judged(mutated), mutated === token ? OK : INVALID)
      }),
    { arbitrary: { runs: RUNS } }
  )

  const Time = Schema.Union([
    Schema.Int.check(Schema.isBetween({ minimum: NOW - 40, maximum: NOW + 40 })),
    Schema.Json
  ])
  it.effect.prop(
    "is judged, whatever its claims are",
    {
      claims: Schema.Struct({
        exp: Time,
        nbf: Schema.optionalKey(Time),
        iss: Schema.optionalKey(Schema.Union([Schema.Literal("iss1"), Schema.Json])),
        aud: Schema.optionalKey(Schema.Union([Schema.Literal("aud1"), Schema.Json])),
        more: Schema.Json
      })
    },
    ({ claims }) =>
      Effect.gen(function* () {
        const { aud, exp, iss, nbf } = JSON.parse(JSON.stringify(claims)) as Record<string, any>
        const time = (value: any) => Number.isInteger(value) && -(2 ** 63) <= value && value < 2 ** 63
        const wellFormed =
          time(exp) &&
          (time(nbf) || nbf == null) &&
          (typeof iss === "string" || iss == null) &&
          (typeof aud === "string" ||
            aud == null ||
            (Array.isArray(aud) && aud.every((each) => typeof each === "string")))
        const expected = !wellFormed
          ? INVALID
          : NOW > exp + 30
            ? EXPIRED
            : nbf != null && NOW < nbf - 30
              ? EARLY
              : iss !== "iss1"
                ? ISSUER
                : [aud].flat().includes("aud1")
                  ? OK
                  : AUDIENCE
        const verdict = yield* judged(sign(claims))
        // JSON of this kind is read by more than the signature's owner would write: see LosslessJson
        if (verdict !== INVALID || !/\\ud|[\d.]e|-0/.test(JSON.stringify(claims))) {
          assert.strictEqual(verdict, expected)
        }
      }),
    { arbitrary: { runs: RUNS } }
  )
})
