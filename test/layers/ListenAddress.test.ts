import { assert, describe, it } from "@effect/vitest"
import { isLoopback } from "../../src/layers/ListenAddress.ts"

describe("ListenAddress", () => {
  it.each(["127.0.0.1", "127.2.3.4", "127.255.255.255", "::1", "0:0:0:0:0:0:0:1", "0::0001", "::1%1"])(
    "knows that only this machine reaches %s",
    (host) => {
      assert.isTrue(isLoopback(host))
    }
  )

  it.each([
    "0.0.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "12.7.0.0",
    "::",
    "::2",
    "::10",
    "1::1",
    "::1:1",
    "1::",
    "::ffff:127.0.0.1",
    "fe80::1",
    "localhost",
    "127.example.com",
    "127.1",
    ""
  ])("knows that others may reach %s", (host) => {
    assert.isFalse(isLoopback(host))
  })
})
