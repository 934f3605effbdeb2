/** Text and bytes that follow no contract, or follow it for a while. */
import { requestText, upgradeHeaders } from "../rawHttp.ts"
import { CLOSE, TEXT, closePayload, fragments, frame } from "../rawWebSocket.ts"
import { parse } from "../../../src/rpc/JsonRpc.ts"
import { onWire, print, printMembers } from "./json.ts"
import type { Random } from "./random.ts"
import type { Input, Instances } from "./requests.ts"

/** Methods that harm nobody, whatever their params become. */
const SAFE = ["initialize", "config/read", "mock/experimentalMethod", "command/exec/terminate"]

const TOKENS = [...'{}[]:,"\\/ \n-+.eE0189tfn', "null", "true", "\\u", '"id"', '"method"', "1e999", "\ufeff"]

const breakBytes = (random: Random, bytes: Buffer): Buffer => {
  let broken = bytes
  for (let i = random.pick([1, 1, 2, 5]); i > 0; i--) {
    const at = random.below(broken.length + 1)
    const inserted = random.pick([
      Buffer.alloc(0),
      Buffer.from(random.pick(TOKENS)),
      random.bytes(random.length(8)),
      broken.subarray(at, at + random.length(64))
    ])
    broken = Buffer.concat([broken.subarray(0, at), inserted, broken.subarray(at + random.below(4))])
  }
  return broken
}

/** A request with bytes changed. */
const brokenRequest = (random: Random, instances: Instances, n: number): Buffer => {
  const method = random.pick(SAFE)
  const params = onWire(random.pick(instances.get(method)!))
  return breakBytes(
    random,
    Buffer.from(
      printMembers([
        ["id", n],
        ["method", method],
        ["params", params]
      ])
    )
  )
}

/** Text of any kind; what happens to be a request is answered. */
export const makeText = (random: Random, instances: Instances, n: number, oneLine: boolean): Input => {
  const written = random.pick([
    () => brokenRequest(random, instances, n).toString(),
    () => random.text(random.length(400)),
    () => Array.from({ length: random.length(200) }, () => random.pick(TOKENS)).join(""),
    () => "[{"[random.below(2)]!.repeat(random.length(5000)),
    () => ""
  ])()
  const text = oneLine ? written.replaceAll("\n", " ") : written
  const message = parse(text)
  return message._tag === "Request"
    ? { text, id: print(message.id), method: message.method }
    : { text, id: undefined }
}

/** Lines of a client on stdio, the last of which may have no end; what stands in them may be no UTF-8. */
export const makeLines = (random: Random, instances: Instances, lines: number): Buffer =>
  Buffer.concat(
    Array.from({ length: lines }, (_, n) =>
      random.pick([
        () => Buffer.from(makeText(random, instances, n, true).text),
        () => brokenRequest(random, instances, n),
        () => random.bytes(random.chance(0.1) ? random.length(400) : 0),
        () => Buffer.from(random.pick(["\n", "\r\n", "\0", "\r"]))
      ])()
    ).flatMap((line, n) => (n === 0 ? [line] : [Buffer.from("\n"), line]))
  )

/** Payload lengths around those at which their notation changes, and random ones. */
const payloadLength = (random: Random) =>
  random.pick([0, 1, 2, 125, 126, 127, 65_535, 65_536, random.below(300)])

/** The head of a frame that says what it likes; a mask that is announced may be missing, as may the payload. */
const brokenFrame = (random: Random): Buffer => {
  const head = [random.below(256), random.below(256)]
  const length = random.pick([
    random.bytes(random.below(10)),
    Buffer.from("ffffffffffffffff", "hex"),
    Buffer.from("0000000001000001", "hex"), // one more than a message may have
    Buffer.from("7fffffffffffffff", "hex"),
    Buffer.from("0000000000000001", "hex"),
    Buffer.from("0001", "hex")
  ])
  return Buffer.concat([Buffer.from(head), length, random.bytes(random.length(300))])
}

const FRAMES: ReadonlyArray<(random: Random, instances: Instances, n: number) => Buffer> = [
  (random) => random.bytes(random.length(300)),
  brokenFrame,
  (random) =>
    frame(random.below(16), random.bytes(payloadLength(random)), {
      fin: random.chance(0.8),
      rsv: random.pick([0, 0, 0, random.below(8)]),
      masked: random.chance(0.8)
    }),
  (random) => frame(CLOSE, random.bytes(random.below(10))),
  (random) => frame(CLOSE, closePayload(random.below(5100), random.text(random.below(60)))),
  (random, instances, n) => frame(TEXT, brokenRequest(random, instances, n)),
  (random, instances, n) => breakBytes(random, frame(TEXT, brokenRequest(random, instances, n))),
  (random, instances, n) =>
    Buffer.concat(random.shuffle(fragments(TEXT, brokenRequest(random, instances, n), 20)))
]

/** An upgrade, and what no client would send behind it. */
export const makeFrames = (random: Random, instances: Instances): Buffer =>
  Buffer.concat([
    Buffer.from(requestText(upgradeHeaders())),
    ...Array.from({ length: 1 + random.below(4) }, (_, n) => random.pick(FRAMES)(random, instances, n))
  ])

const HEADERS = [
  "Origin: https://a.example",
  "Origin: null",
  "Host: evil.example",
  "Host: [::1]:1",
  "Host:",
  "Content-Length: 5",
  "Content-Length: 99999999999999999999",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: chunked, x",
  "Expect: 100-continue",
  "Connection: close",
  "Connection: keep-alive, Upgrade",
  "Upgrade: h2c",
  "Sec-WebSocket-Key: x",
  "Sec-WebSocket-Version: 8",
  "Sec-WebSocket-Protocol: a, a",
  "Sec-WebSocket-Protocol: effect-app-server, bearer.eA",
  "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=0",
  "Authorization: Bearer x",
  " folded",
  "no colon",
  ": no name"
]
const LINES = [
  "GET / HTTP/1.1",
  "GET /readyz HTTP/1.1",
  "HEAD /healthz HTTP/1.1",
  "GET http://evil.example/ HTTP/1.1",
  "GET //[ HTTP/1.1",
  "GET / HTTP/1.0",
  "GET / HTTP/9.9",
  "POST / HTTP/1.1",
  "CONNECT a:1 HTTP/1.1",
  "OPTIONS * HTTP/1.1",
  "PRI * HTTP/2.0",
  "GET",
  ""
]

const makeHeaders = (random: Random): string => {
  const headers = upgradeHeaders().filter(() => random.chance(0.9))
  const more = Array.from({ length: random.below(3) }, () => random.pick(HEADERS))
  const long = random.chance(0.1) ? [`x: ${"y".repeat(random.below(40_000))}`] : []
  return requestText(random.shuffle([...headers, ...more, ...long]), random.pick(LINES))
}

/** HTTP requests, one or several at once, right and wrong. */
export const makeHttp = (random: Random): Buffer =>
  random.pick([
    () => Buffer.from(makeHeaders(random)),
    () => Buffer.from(makeHeaders(random).repeat(1 + random.below(5))),
    () => breakBytes(random, Buffer.from(makeHeaders(random))),
    () => random.bytes(random.length(400)),
    () => Buffer.concat([Buffer.from(makeHeaders(random)), random.bytes(random.length(400))])
  ])()
