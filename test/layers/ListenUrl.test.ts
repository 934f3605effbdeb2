import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { hostAndPort } from "../../src/layers/ListenAddress.ts"
import * as ListenUrl from "../../src/layers/cli/ListenUrl.ts"
import { RUNS } from "../support/runs.ts"

const Byte = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))
const Word = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 65_535 }))

describe("ListenUrl", () => {
  it.each([
    ["ws://127.0.0.1:4500", "127.0.0.1", 4500],
    ["ws://127.0.0.1:0", "127.0.0.1", 0],
    ["ws://0.0.0.0:65535", "0.0.0.0", 65_535],
    ["ws://127.0.0.1:000000080", "127.0.0.1", 80],
    ["ws://[::1]:4000", "::1", 4000],
    ["ws://[0:0:0:0:0:0:0:1]:0", "0:0:0:0:0:0:0:1", 0],
    ["ws://[::ffff:127.0.0.1]:1", "::ffff:127.0.0.1", 1],
    ["ws://[fe80::1%2]:1", "fe80::1%2", 1]
  ])("reads the address of %s", (url, host, port) => {
    assert.deepStrictEqual(ListenUrl.parse(url), { _tag: "WebSocket", host, port })
  })

  it.prop(
    "reads any IPv4 and IPv6 address with any port, and writes it the same way",
    {
      v4: Schema.Tuple([Byte, Byte, Byte, Byte]),
      v6: Schema.Tuple([Word, Word, Word, Word, Word, Word, Word, Word]),
      port: Word
    },
    ({ port, v4, v6 }) => {
      for (const at of [
        `${v4.join(".")}:${port}`,
        `[${v6.map((word) => word.toString(16)).join(":")}]:${port}`
      ]) {
        const url = ListenUrl.parse(`ws://${at}`)
        assert.strictEqual(url._tag === "WebSocket" && hostAndPort(url), at)
      }
    },
    { arbitrary: { runs: RUNS } }
  )

  it("knows the default, off, and what is not TCP", () => {
    assert.deepStrictEqual(ListenUrl.parse(ListenUrl.DEFAULT_LISTEN_URL), {
      _tag: "WebSocket",
      host: "127.0.0.1",
      port: 4500
    })
    assert.deepStrictEqual(ListenUrl.parse("off"), { _tag: "Off" })
    assert.deepStrictEqual(ListenUrl.parse("stdio://"), { _tag: "Stdio" })
    for (const path of ["PATH", "/run/x.sock", "a b", "%20", "//", "~/x"]) {
      assert.deepStrictEqual(ListenUrl.parse(`unix://${path}`), { _tag: "Unix", path })
    }
    assert.deepStrictEqual(ListenUrl.parse("unix://"), { _tag: "Unix", path: undefined })
  })

  it.each([
    "ws://",
    "ws://127.0.0.1",
    "ws://127.0.0.1:",
    "ws://:4500",
    "ws://localhost:4500",
    "ws://127.0.0.1:4500/",
    "ws://127.0.0.1:4500/x",
    "ws://127.0.0.1:65536",
    "ws://127.0.0.1:+1",
    "ws://127.0.0.1:-1",
    "ws://127.0.0.1:1x",
    "ws://127.0.0.1: 1",
    "ws://127.0.0.1:1\n",
    "ws://127.1:0",
    "ws://127.0.0.01:0",
    "ws://256.0.0.1:0",
    "ws://[127.0.0.1]:0",
    "ws://[]:0",
    "ws://[::1]",
    "ws://[::1%lo]:0",
    "ws://[:::1]:0",
    "ws://::1:0",
    "ws://user@127.0.0.1:0"
  ])("refuses %j, which is no address and port", (url) => {
    assert.deepStrictEqual(ListenUrl.parse(url), {
      _tag: "Invalid",
      problem: `invalid websocket --listen URL \`${url}\`; expected \`ws://IP:PORT\``
    })
  })

  it.each([
    "",
    " off",
    "OFF",
    "stdio",
    "stdio:///",
    "unix:/x",
    "wss://127.0.0.1:0",
    "http://127.0.0.1:0",
    "WS://127.0.0.1:0",
    "127.0.0.1:0",
    "tcp://x"
  ])("refuses %j, which has another scheme", (url) => {
    assert.deepStrictEqual(ListenUrl.parse(url), {
      _tag: "Invalid",
      problem: `unsupported --listen URL \`${url}\`; expected \`stdio://\`, \`unix://\`, \`unix://PATH\`, \`ws://IP:PORT\`, or \`off\``
    })
  })
})
