import { assert, describe, it } from "@effect/vitest"
import * as AllowedOrigins from "../../src/layers/AllowedOrigins.ts"

describe("an allowed origin", () => {
  it.each([
    "https://example.com",
    "http://localhost:3000",
    "http://[::1]:8080",
    "chrome-extension://abcdefghijklmnop",
    "vscode-webview://1a2b",
    "tauri://localhost"
  ])("may be %s", (origin) => {
    assert.isUndefined(AllowedOrigins.problem(origin))
  })

  it.each([
    ["https://example.com/", "a browser sends `https://example.com`"],
    ["https://Example.com", "a browser sends `https://example.com`"],
    ["https://example.com:443", "a browser sends `https://example.com`"],
    ["https://example.com/app?x", "a browser sends `https://example.com`"],
    ["https://user@example.com", "a browser sends `https://example.com`"],
    ["https://*.example.com", "expected an origin such as `https://example.com`"],
    ["null", "expected an origin such as `https://example.com`"],
    ["*", "expected an origin such as `https://example.com`"],
    ["", "expected an origin such as `https://example.com`"],
    ["example.com", "expected an origin such as `https://example.com`"],
    ["file:///x", "expected an origin such as `https://example.com`"],
    ["tauri://localhost/", "expected an origin such as `https://example.com`"],
    ["https://a.example,https://b.example", "expected an origin such as `https://example.com`"]
  ])("is written as browsers write it: %s", (origin, problem) => {
    assert.strictEqual(AllowedOrigins.problem(origin), problem)
  })
})
