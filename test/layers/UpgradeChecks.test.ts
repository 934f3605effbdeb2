import { assert, describe, it } from "@effect/vitest"
import type { IncomingHttpHeaders, IncomingMessage } from "node:http"
import type { HttpAnswer } from "../../src/layers/HttpAnswer.ts"
import * as UpgradeChecks from "../../src/layers/UpgradeChecks.ts"

const UPGRADE: IncomingHttpHeaders = {
  host: "127.0.0.1:4500",
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ=="
}

/** An upgrade request but for what is given; a header given as undefined is missing. */
const check = (
  request: {
    readonly method?: string
    readonly url?: string
    readonly httpVersion?: string
    readonly headers?: { readonly [name: string]: string | undefined }
  },
  rules: UpgradeChecks.UpgradeRules = { allowedOrigins: new Set() }
) =>
  UpgradeChecks.check(
    {
      method: request.method ?? "GET",
      url: request.url ?? "/",
      httpVersion: request.httpVersion ?? "1.1",
      headers: { ...UPGRADE, ...request.headers }
    } as IncomingMessage,
    rules
  )

const empty = (status: HttpAnswer["status"], headers = {}): HttpAnswer => ({
  status,
  headers,
  body: ""
})
const refusal = (status: HttpAnswer["status"], body: string): HttpAnswer => ({
  status,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body
})

const NO_UPGRADE = { connection: undefined, upgrade: undefined }

describe("UpgradeChecks", () => {
  it.each(["/", "/foo", "/a/b?c=d", "/readyz/", "/READYZ", "/healthz2", "//readyz", "/?/readyz", "*"])(
    "let any path that is no probe be upgraded: %s",
    (url) => {
      assert.isUndefined(check({ url }))
    }
  )

  it.each([
    { connection: "keep-alive, Upgrade" },
    { connection: "UPGRADE" },
    { connection: " upgrade ,close" },
    { upgrade: "WebSocket" },
    { upgrade: "h2c, websocket" },
    { "sec-websocket-extensions": "permessage-deflate", "sec-websocket-protocol": "a, b" }
  ])("take headers of any form: %o", (headers) => {
    assert.isUndefined(check({ headers }))
  })

  it.each(["null", "", "http://127.0.0.1:4500", "https://evil.example", "file://"])(
    "refuse whatever has an Origin, here %j, on whatever path and by whatever method",
    (origin) => {
      for (const url of ["/", "/readyz", "/healthz", "/foo"]) {
        for (const method of ["GET", "POST", "OPTIONS"]) {
          assert.deepStrictEqual(check({ url, method, headers: { origin } }), empty(403))
          assert.deepStrictEqual(check({ url, method, headers: { ...NO_UPGRADE, origin } }), empty(403))
        }
      }
    }
  )

  it.each(["/readyz", "/healthz", "/readyz?a=b", "/healthz?"])("answer the probe %s", (url) => {
    for (const headers of [NO_UPGRADE, UPGRADE as {}]) {
      assert.deepStrictEqual(check({ url, headers }), empty(200))
      assert.deepStrictEqual(check({ url, headers, method: "HEAD" }), empty(200))
      for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
        assert.deepStrictEqual(check({ url, headers, method }), empty(405, { allow: "GET,HEAD" }))
      }
    }
  })

  it.each<readonly [Parameters<typeof check>[0], 400 | 405, string]>([
    [{ method: "POST" }, 405, "Request method must be `GET`"],
    [{ method: "HEAD", url: "/foo" }, 405, "Request method must be `GET`"],
    [{ headers: { connection: undefined } }, 400, "Connection header did not include 'upgrade'"],
    [{ headers: { connection: "close" } }, 400, "Connection header did not include 'upgrade'"],
    [{ headers: { connection: "upgraded" } }, 400, "Connection header did not include 'upgrade'"],
    [{ headers: { upgrade: undefined } }, 400, "`Upgrade` header did not include 'websocket'"],
    [{ headers: { upgrade: "h2c" } }, 400, "`Upgrade` header did not include 'websocket'"],
    [
      { headers: { "sec-websocket-version": undefined } },
      400,
      "`Sec-WebSocket-Version` header did not include '13'"
    ],
    [
      { headers: { "sec-websocket-version": "12" } },
      400,
      "`Sec-WebSocket-Version` header did not include '13'"
    ],
    [{ headers: { "sec-websocket-key": undefined } }, 400, "`Sec-WebSocket-Key` header missing"]
  ])("refuse %o with %d %s", (request, status, body) => {
    assert.deepStrictEqual(check(request), refusal(status, body))
  })

  it("tell the first problem only: method, connection, upgrade, version, key", () => {
    const headers: Record<string, string | undefined> = {
      connection: undefined,
      upgrade: undefined,
      "sec-websocket-version": undefined,
      "sec-websocket-key": undefined
    }
    const bodies = [check({ method: "PUT", headers })?.body]
    for (const name of Object.keys(headers)) {
      bodies.push(check({ headers })?.body)
      delete headers[name]
    }
    assert.deepStrictEqual(bodies, [
      "Request method must be `GET`",
      "Connection header did not include 'upgrade'",
      "`Upgrade` header did not include 'websocket'",
      "`Sec-WebSocket-Version` header did not include '13'",
      "`Sec-WebSocket-Key` header missing"
    ])
    assert.isUndefined(check({ headers }))
  })
})
