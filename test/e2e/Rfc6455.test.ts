/**
 * The WebSocket protocol as in RFC 6455, by the cases of the Autobahn suite that apply without compression; each
 * bears its number there. What the server accepted shows in the answer to a request that the message is.
 */
import * as crypto from "node:crypto"
import { assert, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { startServer, type TestServer } from "../support/harness.ts"
import * as Raw from "../support/rawWebSocket.ts"
import { BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame, fragments } from "../support/rawWebSocket.ts"

const INITIALIZE = JSON.stringify({
  id: 0,
  method: "initialize",
  params: { clientInfo: { name: "raw", version: "1" }, capabilities: { experimentalApi: true } }
})

const request = (value: string) =>
  JSON.stringify({ id: 1, method: "mock/experimentalMethod", params: { value } })
const ENVELOPE = request("").length
/** A request with so many bytes. */
const ofLength = (bytes: number) => request("*".repeat(bytes - ENVELOPE))

const short = (text: string) =>
  text.length < 100 ? text : `${text.length}:${crypto.createHash("sha1").update(text).digest("hex")}`

// what is expected, and what was heard, in words
const echo = (value: string) => `echo ${short(value)}`
const echoOfLength = (bytes: number) => echo("*".repeat(bytes - ENVELOPE))
const pong = (payload: string | Uint8Array = "") => `pong ${Buffer.from(payload as string).toString("hex")}`
const close = (code: number, reason = "") => [`close ${code} ${reason}`.trimEnd(), "end"]
const PROTOCOL_ERROR = close(1002)
const NOT_UTF8 = close(1007)
const TOO_BIG = close(1009)

const words = ({ opcode, payload }: Raw.Heard): string => {
  switch (opcode) {
    case TEXT: {
      const { id, result } = JSON.parse(payload.toString()) as { id: number; result: { echoed: string } }
      return id === 1 ? echo(result.echoed) : payload.toString()
    }
    case PONG:
      return pong(payload)
    case CLOSE:
      return payload.length === 0
        ? "close"
        : `close ${payload.readUInt16BE()} ${payload.subarray(2).toString()}`.trimEnd()
    default:
      return String(opcode)
  }
}

interface Case {
  readonly name: string
  readonly bytes: ReadonlyArray<Uint8Array>
  /** Bytes that are written at once; the rest waits for the next turn of the event loop. */
  readonly chop?: number
  readonly expected: ReadonlyArray<string>
}

const cases: Array<Case> = []
const add = (
  name: string,
  bytes: ReadonlyArray<Uint8Array>,
  expected: ReadonlyArray<string>,
  chop?: number
) => cases.push({ name, bytes, expected, ...(chop !== undefined && { chop }) })

const LENGTHS = [125, 126, 127, 128, 65_535, 65_536]

// 1 framing
add("1.1.1 an empty text", [frame(TEXT), frame(TEXT, request("a"))], [echo("a")])
for (const length of LENGTHS) {
  add(`1.1 a text of ${length} bytes`, [frame(TEXT, ofLength(length))], [echoOfLength(length)])
  add(
    `1.2 a binary message of ${length} bytes, which is dropped`,
    [frame(BINARY, ofLength(length)), frame(TEXT, request("b"))],
    [echo("b")]
  )
}
add(
  "1.1.8 a text of 65536 bytes, 997 at a time",
  [frame(TEXT, ofLength(65_536))],
  [echoOfLength(65_536)],
  997
)
add("1.2.1 an empty binary message", [frame(BINARY), frame(TEXT, request("b"))], [echo("b")])

// 2 pings and pongs
const NOT_TEXT = Buffer.from([0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff])
const LONGEST = Buffer.alloc(125, 0xfe)
add("2.1 a ping without payload", [frame(PING)], [pong()])
add("2.2 a ping with text", [frame(PING, "Hello, world!")], [pong("Hello, world!")])
add("2.3 a ping with what is no text", [frame(PING, NOT_TEXT)], [pong(NOT_TEXT)])
add("2.4 a ping of 125 bytes", [frame(PING, LONGEST)], [pong(LONGEST)])
add("2.5 a ping of 126 bytes", [frame(PING, Buffer.alloc(126, 0xfe))], PROTOCOL_ERROR)
add("2.6 a ping of 125 bytes, one at a time", [frame(PING, LONGEST)], [pong(LONGEST)], 1)
add("2.7 a pong that was not asked for", [frame(PONG)], [])
add("2.8 one with a payload", [frame(PONG, "unsolicited")], [])
add("2.9 one before a ping", [frame(PONG, "unsolicited"), frame(PING, "asked")], [pong("asked")])
const TEN = Array.from({ length: 10 }, (_, i) => `payload-${i}`)
add(
  "2.10 ten pings",
  TEN.map((payload) => frame(PING, payload)),
  TEN.map(pong)
)
add(
  "2.11 ten pings, one byte at a time",
  TEN.map((payload) => frame(PING, payload)),
  TEN.map(pong),
  1
)
add("2 a pong of 126 bytes", [frame(PONG, Buffer.alloc(126))], PROTOCOL_ERROR)

// 3 reserved bits
for (const rsv of [1, 2, 3, 4, 5, 6, 7]) {
  for (const [what, opcode] of [
    ["text", TEXT],
    ["binary", BINARY],
    ["ping", PING],
    ["close", CLOSE]
  ] as const) {
    add(
      `3.${rsv} reserved bits ${rsv} on ${what}, behind a good text`,
      [frame(TEXT, request("a")), frame(opcode, opcode === CLOSE ? "" : "x", { rsv })],
      [echo("a"), ...PROTOCOL_ERROR]
    )
  }
}
add("3.4 reserved bits, one byte at a time", [frame(TEXT, "x", { rsv: 4 })], PROTOCOL_ERROR, 1)

// 4 opcodes
for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
  for (const payload of ["", "reserved"]) {
    add(
      `4 the reserved opcode ${opcode} with ${payload.length} bytes`,
      [frame(TEXT, request("a")), frame(opcode, payload), frame(PING)],
      [echo("a"), ...PROTOCOL_ERROR]
    )
  }
}

// 5 fragmentation
const part = (text: string, from: number, to?: number) => Buffer.from(text).subarray(from, to)
const [first, rest] = [part(request("ab"), 0, 20), part(request("ab"), 20)]
const START = frame(TEXT, first, { fin: false })
const FINISH = frame(CONTINUATION, rest)
add("5.1 a ping in fragments", [frame(PING, "a", { fin: false }), frame(CONTINUATION, "b")], PROTOCOL_ERROR)
add("5.2 a pong in fragments", [frame(PONG, "a", { fin: false }), frame(CONTINUATION, "b")], PROTOCOL_ERROR)
add("5 a close in fragments", [frame(CLOSE, "", { fin: false }), frame(CONTINUATION)], PROTOCOL_ERROR)
for (const chop of [undefined, 1]) {
  const how = chop === undefined ? "" : ", one byte at a time"
  add(`5.3 a text in two fragments${how}`, [START, FINISH], [echo("ab")], chop)
  add(`5.6 with a ping between${how}`, [START, frame(PING, "p"), FINISH], [pong("p"), echo("ab")], chop)
  for (const fin of [true, false]) {
    add(
      `5.9 a continuation of nothing, ${fin ? "the last" : "not the last"}${how}`,
      [frame(CONTINUATION, "x", { fin }), frame(TEXT, request("a"))],
      PROTOCOL_ERROR,
      chop
    )
    add(
      `5.15 one behind a message, ${fin ? "the last" : "not the last"}${how}`,
      [START, FINISH, frame(CONTINUATION, "x", { fin }), frame(TEXT, request("a"))],
      [echo("ab"), ...PROTOCOL_ERROR],
      chop
    )
  }
}
add("5.18 a message within a message", [START, frame(TEXT, rest)], PROTOCOL_ERROR)
add("5.18 a binary message within a message", [START, frame(BINARY, rest)], PROTOCOL_ERROR)
for (const chop of [undefined, 1]) {
  const pieces = fragments(TEXT, request("five"), 20)
  add(
    `5.19 pings between five fragments${chop ? ", one byte at a time" : ""}`,
    pieces.flatMap((piece, i) => [piece, frame(PING, `p${i}`)]).slice(0, -1),
    [...pieces.slice(1).map((_, i) => pong(`p${i}`)), echo("five")],
    chop
  )
}
add(
  "5 a binary message in fragments, which is dropped",
  [...fragments(BINARY, request("a"), 9), frame(TEXT, request("b"))],
  [echo("b")]
)

// 6 UTF-8
add(
  "6.1.1 three empty fragments",
  [...[TEXT, 0, 0].map((opcode, i) => frame(opcode, "", { fin: i === 2 })), frame(TEXT, request("a"))],
  [echo("a")]
)
add(
  "6.1.3 empty fragments around one that is not",
  [frame(TEXT, "", { fin: false }), frame(CONTINUATION, request("a"), { fin: false }), frame(CONTINUATION)],
  [echo("a")]
)
const VALID: ReadonlyArray<readonly [name: string, text: string]> = [
  ["6.2 text of two, three and four bytes a character", "Hello-µ@ßöäüàá-UTF-8!! κόσμε 😀"],
  ["6.5 one of each length", "\u{80}\u{800}\u{10000}"],
  ["6.7 the last ones of each length", "\u{7f}\u{7ff}\u{ffff}\u{10ffff}"],
  ["6.9 those around the surrogates", "\u{d7ff}\u{e000}\u{fffd}"],
  ["6.22 those that are no characters", "\u{fffe}\u{1ffff}\u{8fffe}\u{fdd0}\u{10fffe}"],
  ["6.23 replacement characters", "\u{fffd}\u{fffd}"],
  ["6 a byte order mark", "\u{feff}x"]
]
for (const [name, text] of VALID) {
  add(`${name}, whole`, [frame(TEXT, request(text))], [echo(text)])
  add(`${name}, a byte a fragment`, fragments(TEXT, request(text), 1), [echo(text)])
  add(`${name}, a byte at a time`, [frame(TEXT, request(text))], [echo(text)], 1)
}
add(
  "6 a NUL, which no JSON has",
  [frame(TEXT, request("a").replace('"a"', '"\0"')), frame(TEXT, request("a"))],
  [echo("a")]
)
const INVALID: ReadonlyArray<readonly [name: string, hex: string]> = [
  ["6.3 a surrogate in Greek", "cebae1bdb9cf83cebcceb5eda080656469746564"],
  ["6.4 one above the last", "cebae1bdb9cf83cebcceb5f4908080656469746564"],
  ["6.6 an incomplete character", "ce"],
  ["6.6 an incomplete character of three bytes", "cebae1bd"],
  ["6.8 five bytes", "f888808080"],
  ["6.8 six bytes", "fc8480808080"],
  ["6.10 beyond the last character", "f4908080"],
  ["6.10 the last of five bytes", "fbbfbfbfbf"],
  ["6.10 the last of six bytes", "fdbfbfbfbfbf"],
  ["6.12 a continuation byte", "80"],
  ["6.12 another", "bf"],
  ["6.12 many of them", "80bf80bf80bf"],
  ["6.13 starts of two bytes", "c020c120df20"],
  ["6.13 starts of three bytes", "e020ef20"],
  ["6.13 starts of four bytes", "f020f720"],
  ["6.14 the last byte missing of three", "e08020"],
  ["6.14 the last byte missing of four", "f0808020"],
  ["6.15 incomplete ones in a row", "c0e080f08080f8808080"],
  ["6.16 FE", "fe"],
  ["6.16 FF", "ff"],
  ["6.17 an overlong slash", "c0af"],
  ["6.17 an overlong slash of three bytes", "e080af"],
  ["6.17 an overlong slash of four bytes", "f08080af"],
  ["6.18 overlong maxima", "c1bf"],
  ["6.18 overlong maxima of three bytes", "e09fbf"],
  ["6.18 overlong maxima of four bytes", "f08fbfbf"],
  ["6.19 an overlong NUL", "c080"],
  ["6.20 the first surrogate", "eda080"],
  ["6.20 the last surrogate", "edbfbf"],
  ["6.21 a pair of surrogates", "eda080edb080"]
]
for (const [name, hex] of INVALID) {
  const [before, after] = request("|").split("|") as [string, string]
  const bytes = Buffer.concat([Buffer.from(before), Buffer.from(hex, "hex"), Buffer.from(after)])
  add(`${name}, whole`, [frame(TEXT, bytes)], NOT_UTF8)
  add(`${name}, a byte a fragment`, fragments(TEXT, bytes, 1), NOT_UTF8)
  add(
    `${name}, at the end`,
    [frame(TEXT, Buffer.concat([Buffer.from("x"), Buffer.from(hex, "hex")]))],
    NOT_UTF8
  )
}
add(
  "6.4 a bad fragment between good ones, with a ping behind it",
  [
    frame(TEXT, "κόσμε", { fin: false }),
    frame(CONTINUATION, Buffer.from("f4908080", "hex"), { fin: false }),
    frame(CONTINUATION, "edited")
  ],
  NOT_UTF8
)

// 7 closing
const closing = (code: number, reason?: string | Uint8Array) => frame(CLOSE, Raw.closePayload(code, reason))
add("7.1.1 a close behind a text", [frame(TEXT, request("a")), closing(1000)], [echo("a"), ...close(1000)])
add("7.1.2 two closes", [closing(1000), closing(1000)], close(1000))
add("7.1.3 a ping behind a close", [closing(1000), frame(PING)], close(1000))
add("7.1.4 a text behind a close", [closing(1000), frame(TEXT, request("a"))], close(1000))
add("7.1.5 a close within a message", [START, closing(1000), FINISH], close(1000))
add(
  "7.1.6 a close behind 256 KiB, and a ping",
  [frame(TEXT, ofLength(262_144)), closing(1000), frame(PING)],
  [echoOfLength(262_144), ...close(1000)]
)
add("7.3.1 a close without a code", [frame(CLOSE)], ["close", "end"])
add("7.3.2 a close of one byte", [frame(CLOSE, "a")], PROTOCOL_ERROR)
add("7.3.3 a close with a code", [closing(1000)], close(1000))
add("7.3.4 a close with a reason", [closing(1000, "Hello World!")], close(1000, "Hello World!"))
add("7.3.5 a reason of 123 bytes", [closing(1000, "*".repeat(123))], close(1000, "*".repeat(123)))
add("7.3.6 a reason of 124 bytes", [closing(1000, "*".repeat(124))], PROTOCOL_ERROR)
add("7.5.1 a reason that is no UTF-8", [closing(1000, Buffer.from("cebae1bdb9eda080", "hex"))], NOT_UTF8)
for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999]) {
  add(`7.7 the code ${code}`, [closing(code)], close(code))
}
for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535]) {
  add(`7.9 the code ${code}, which is none`, [closing(code)], PROTOCOL_ERROR)
}

// 9 limits
const KIB = 1024
const MIB = 1024 * KIB
for (const length of [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB]) {
  add(`9.1 a text of ${length / KIB} KiB`, [frame(TEXT, ofLength(length))], [echoOfLength(length)])
}
for (const size of [256, KIB, 64 * KIB, MIB]) {
  add(`9.3 1 MiB in fragments of ${size} bytes`, fragments(TEXT, ofLength(MIB), size), [echoOfLength(MIB)])
}
for (const size of [64, 512, 2048]) {
  add(
    `9.5 256 KiB, ${size} bytes at a time`,
    [frame(TEXT, ofLength(256 * KIB))],
    [echoOfLength(256 * KIB)],
    size
  )
}
add(
  "9.7 a thousand texts",
  Array.from({ length: 1000 }, (_, i) => frame(TEXT, request(`${i}`))),
  Array.from({ length: 1000 }, (_, i) => echo(`${i}`))
)
add("9 one byte above 16 MiB", [frame(TEXT, ofLength(16 * MIB + 1))], TOO_BIG)
add("9 one byte above 16 MiB in fragments", fragments(TEXT, ofLength(16 * MIB + 1), MIB), TOO_BIG)
add("9 a length beyond all numbers", [Buffer.from("81ffffffffffffffffff00000000", "hex")], TOO_BIG)
add("10.1.1 64 KiB in fragments of 1300 bytes", fragments(TEXT, ofLength(65_536), 1300), [
  echoOfLength(65_536)
])

// 5.1 of the RFC
for (const opcode of [TEXT, BINARY, PING, CLOSE]) {
  add(
    `a frame with opcode ${opcode} that is not masked`,
    [frame(opcode, "", { masked: false })],
    PROTOCOL_ERROR
  )
}

const DONE = "done with it"
const turn = Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void)))

/** Everything that the server says to it, until its connection is over or it has nothing more to say. */
const converse = ({ bytes, chop }: Case, port: number) =>
  Effect.gen(function* () {
    const webSocket = yield* Raw.open(port)
    webSocket.write(frame(TEXT, INITIALIZE))
    yield* webSocket.next
    const all = Buffer.concat([...bytes, frame(PING, DONE)])
    if (chop === undefined) webSocket.write(all)
    else {
      for (let at = 0; at < all.length; at += chop) {
        webSocket.write(all.subarray(at, at + chop))
        yield* turn
      }
    }
    const heard: Array<string> = []
    for (;;) {
      const next = words(yield* webSocket.next)
      if (next === pong(DONE)) return heard
      heard.push(next)
      if (next.startsWith("close")) webSocket.write(frame(CLOSE, Raw.closePayload(1000)))
      if (next === "end") return heard
    }
  }).pipe(Effect.scoped, Effect.timeout(20_000))

class Server extends Context.Service<Server, TestServer>()("test/Server") {
  static readonly layer = Layer.effect(Server, startServer())
}

layer(Server.layer, { excludeTestServices: true })("RFC 6455", (it) => {
  for (const each of cases) {
    it.effect(each.name, () =>
      Effect.gen(function* () {
        const { url } = yield* Server
        assert.deepStrictEqual(yield* converse(each, Number(new URL(url).port)), each.expected)
      })
    )
  }
})
