import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as BearerSubprotocol from "../../../src/layers/auth/BearerSubprotocol.ts"
import * as CapabilityToken from "../../../src/layers/auth/CapabilityToken.ts"
import { Unauthorized, authenticate, type TokenCheck } from "../../../src/layers/auth/ConnectionAuth.ts"
import { RUNS } from "../../support/runs.ts"

/** The token that was found, or the body of the 401. */
const found = (headers: Parameters<typeof authenticate>[0], subprotocols = false): string => {
  let found = ""
  const check: TokenCheck = (token) => Effect.sync(() => void (found = `<${token}>`))
  const exit = Effect.runSyncExit(Effect.flip(authenticate(headers, check, subprotocols)))
  return Exit.isSuccess(exit) ? exit.value.message : found
}

const offered = (token: string) => `bearer.${Buffer.from(token).toString("base64url")}`

describe("the token of a client", () => {
  it.each([
    ["Bearer token", "<token>"],
    ["bearer token", "<token>"],
    ["BEARER token", "<token>"],
    ["Bearer    token", "<token>"],
    ["Bearer \ttoken", "<token>"],
    ["Bearer token \t", "<token>"],
    ["Bearer token with blanks", "<token with blanks>"],
    ["Bearer\ttoken", "invalid authorization header"],
    ["Bearer", "invalid authorization header"],
    ["Bearer ", "invalid authorization header"],
    ["Bearer \t ", "invalid authorization header"],
    ["Bearertoken", "invalid authorization header"],
    ["Basic token", "invalid authorization header"],
    ["token", "invalid authorization header"],
    ["", "invalid authorization header"],
    ["Bearer tök", "invalid authorization header"],
    ["Bearer tok\0", "invalid authorization header"]
  ])("in %j is %s", (authorization, expected) => {
    assert.strictEqual(found({ authorization }), expected)
  })

  it("is missing without the header, whatever is offered, unless subprotocols count", () => {
    assert.strictEqual(found({}), "missing websocket bearer token")
    const headers = { "sec-websocket-protocol": `effect-app-server, ${offered("token")}` }
    assert.strictEqual(found(headers), "missing websocket bearer token")
    assert.strictEqual(found(headers, true), "<token>")
  })

  it.each([
    [undefined, "missing websocket bearer token"],
    ["", "missing websocket bearer token"],
    ["effect-app-server", "missing websocket bearer token"],
    ["Bearer.dG9rZW4", "missing websocket bearer token"],
    [offered("token"), "<token>"],
    [`${offered("token")} ,effect-app-server`, "<token>"],
    [offered(" token\n"), "<token>"],
    [offered("tök"), "<tök>"],
    ["bearer.", "invalid authorization header"],
    [offered("  "), "invalid authorization header"],
    ["bearer.dG9rZW4=", "invalid authorization header"],
    ["bearer.dG9rZW5", "invalid authorization header"],
    ["bearer.token!", "invalid authorization header"],
    [`${offered("token")}, ${offered("token")}`, "invalid authorization header"]
  ])("offered as %j is %s", (protocols, expected) => {
    const headers = protocols === undefined ? {} : { "sec-websocket-protocol": protocols }
    assert.strictEqual(found(headers, true), expected)
  })

  it("is that of the header where both are there, even if that is bad", () => {
    const headers = { "sec-websocket-protocol": offered("other") }
    assert.strictEqual(found({ ...headers, authorization: "Bearer token" }, true), "<token>")
    assert.strictEqual(
      found({ ...headers, authorization: "Basic token" }, true),
      "invalid authorization header"
    )
  })

  it.prop(
    "is found or refused in words, whatever the headers are",
    { authorization: Schema.String, protocols: Schema.String },
    ({ authorization, protocols }) => {
      for (const headers of [{ authorization }, { "sec-websocket-protocol": protocols }]) {
        assert.match(
          found(headers, true),
          /^<[^]+>$|^missing websocket bearer token$|^invalid authorization header$/
        )
      }
    },
    { arbitrary: { runs: RUNS } }
  )

  it.prop(
    "comes back from a subprotocol as it was",
    { token: Schema.String },
    ({ token }) => {
      const text = Buffer.from(token).toString().trim() // no lone surrogates
      assert.strictEqual(BearerSubprotocol.decode(offered(text)), text === "" ? undefined : text)
    },
    { arbitrary: { runs: RUNS } }
  )
})

describe("a capability token", () => {
  const check = CapabilityToken.make(CapabilityToken.digest("the token"))

  it.effect("opens, and no other does", () =>
    Effect.gen(function* () {
      yield* check("the token")
      for (const token of ["the tokem", "the toke", "the token ", "The token", ""]) {
        assert.deepStrictEqual(
          yield* Effect.flip(check(token)),
          new Unauthorized({ message: "invalid websocket bearer token" })
        )
      }
    })
  )

  it("has a digest of 64 hex digits", () => {
    const hex = "1a7674eb4ee78df7e1ac439a93c3fa8e3c945784d4dec9fd8e3011738b2f1d62"
    assert.deepStrictEqual(CapabilityToken.parseDigest(hex), CapabilityToken.digest("tok"))
    assert.deepStrictEqual(CapabilityToken.parseDigest(hex.toUpperCase()), CapabilityToken.digest("tok"))
    for (const bad of ["", hex.slice(1), `${hex}0`, `${hex}\n`, `g${hex.slice(1)}`]) {
      assert.isUndefined(CapabilityToken.parseDigest(bad))
    }
  })
})
