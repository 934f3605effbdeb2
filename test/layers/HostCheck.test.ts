import { assert, describe, it } from "@effect/vitest"
import * as HostCheck from "../../src/layers/HostCheck.ts"

const ask = (hosts: ReadonlyArray<string> | undefined, url = "/", address = "127.0.0.1") =>
  HostCheck.make(address)({ headersDistinct: { ...(hosts && { host: [...hosts] }) }, url })?.status

describe("HostCheck", () => {
  it.each([
    "localhost",
    "localhost:4500",
    "LOCALHOST",
    "LocalHost.:80",
    "localhost:",
    "127.0.0.1",
    "127.0.0.1:65535",
    "127.0.0.1.",
    "127.1.2.3:1",
    "127.255.255.255",
    "[::1]",
    "[::1]:4500",
    "[0:0:0:0:0:0:0:1]",
    "[0000::0001]:1",
    "[::ffff:127.0.0.1]:1"
  ])("lets %s pass", (host) => {
    assert.isUndefined(ask([host]))
    assert.isUndefined(ask(["localhost"], `http://${host}/`))
  })

  it.each([
    "evil.example",
    "evil.example:4500",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evil.localhost",
    "localhosts",
    "notlocalhost",
    "localhost..",
    "0.0.0.0",
    "128.0.0.1",
    "10.0.0.1:4500",
    "192.168.1.2",
    "127.1",
    "127.0.0.01",
    "2130706433",
    "0x7f000001",
    "[::]",
    "[::2]:4500",
    "[fe80::1]",
    "[::ffff:10.0.0.1]",
    "xn--lclhost-0ya"
  ])("refuses %s, which is somebody else's", (host) => {
    assert.strictEqual(ask([host]), 403)
    assert.strictEqual(ask(["localhost"], `http://${host}/`), 403)
    assert.strictEqual(ask([host], "http://localhost/"), 403)
  })

  it.each([
    [undefined],
    [[]],
    [[""]],
    [["localhost", "localhost"]],
    [["localhost", "evil.example"]],
    [["localhost, evil.example"]],
    [["localhost evil.example"]],
    [["localhost:x"]],
    [["localhost:1:2"]],
    [["user@localhost"]],
    [["http://localhost"]],
    [["localhost/"]],
    [["localhost?"]],
    [["localhost#"]],
    [["::1"]],
    [["[::1"]],
    [["[::1]x"]],
    [["[]"]],
    [["[127.0.0.1]"]],
    [["[1:2]"]],
    [["[::1%25lo]"]],
    [[":4500"]],
    [["lo\u{17f}t"]],
    [["loc%61lhost"]]
  ])("calls %j malformed", (hosts) => {
    assert.strictEqual(ask(hosts), 400)
  })

  it.each(["http:///", "http://user@localhost/", "ws://", "http://localhost:1:2/"])(
    "calls the target %s malformed",
    (url) => {
      assert.strictEqual(ask(["localhost"], url), 400)
    }
  )

  it.each(["/http://evil.example/", "/?x=http://evil.example/", "*", "//evil.example/"])(
    "takes the target %s for a path",
    (url) => {
      assert.isUndefined(ask(["localhost"], url))
    }
  )

  it("lets the address pass on which the server listens, however it is written", () => {
    assert.isUndefined(ask(["10.1.2.3:80"], "/", "10.1.2.3"))
    assert.strictEqual(ask(["10.1.2.4:80"], "/", "10.1.2.3"), 403)
    assert.isUndefined(ask(["[FD00:0::0:1]"], "/", "fd00::1"))
    assert.isUndefined(ask(["[fe80::1]"], "/", "fe80::1%2"))
    assert.strictEqual(ask(["10.1.2.4"], "/", "0.0.0.0"), 403)
    assert.isUndefined(ask(["localhost"], "/", "10.1.2.3"))
  })
})
