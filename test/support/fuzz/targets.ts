/** A server behind each of its transports, as the fuzzer sees it. */
import type { Readable } from "node:stream"
import * as net from "node:net"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { startServer, type HarnessError, type TestServer, type TestServerOptions } from "../harness.ts"
import * as Raw from "../rawWebSocket.ts"
import type { Heard, Peer } from "./conversation.ts"
import { Finding, short } from "./expected.ts"
import { makeFrames, makeHttp, makeLines } from "./noise.ts"
import type { Random } from "./random.ts"
import type { Instances } from "./requests.ts"

/** More than a server takes to let go of a client that hung up. */
const GONE_MS = 10_000
/** Of the messages, these come in fragments. */
const FRAGMENTED = 0.05

export interface Target {
  readonly server: TestServer
  /** Conversations at once. */
  readonly concurrency: number
  /** There is one connection, which has shaken hands, and each message is one line. */
  readonly isStdio: boolean
  readonly connect: (random: Random) => Effect.Effect<Peer, Finding, Scope.Scope>
  /** Of all inputs, these are bytes below the level of messages. */
  readonly noiseShare: number
  /** Sends so many of them. */
  readonly noise: (
    random: Random,
    instances: Instances,
    inputs: number
  ) => Effect.Effect<void, Finding | HarnessError>
}

const fail = (message: string) => Effect.fail(new Finding({ message }))

/** What is answered to these bytes, which are the last of their connection. */
const exchange = (port: number, bytes: Buffer) =>
  Effect.callback<Buffer, Finding>((resume) => {
    const chunks: Array<Buffer> = []
    const socket = net.connect(port, "127.0.0.1", () => socket.end(bytes))
    socket.on("data", (chunk) => chunks.push(chunk))
    socket.on("error", ({ code, message }: NodeJS.ErrnoException) => {
      if (code !== "ECONNRESET" && code !== "EPIPE") resume(fail(message))
    })
    socket.on("close", () => resume(Effect.succeed(Buffer.concat(chunks))))
    return Effect.sync(() => socket.destroy())
  }).pipe(
    Effect.timeoutOrElse({
      duration: GONE_MS,
      orElse: () => fail(`a client that hung up is still held after ${GONE_MS} ms`)
    })
  )

const shown = (bytes: Buffer) => short(JSON.stringify(bytes.toString("latin1")), 4000)

const STATUS = /^HTTP\/1\.1 (100|101|200|400|403|405|408|413|417|426|431) [^\r]*\r\n/

/** What is wrong with bytes that a server sent to a client that knows no rules. */
const problemOf = (bytes: Buffer): string | undefined => {
  if (bytes.length === 0) return undefined
  const text = bytes.toString("latin1")
  const status = STATUS.exec(text)?.[1]
  if (status === undefined) return "no answer in HTTP"
  if (status !== "101") return undefined
  let rest = bytes.subarray(text.indexOf("\r\n\r\n") + 4)
  try {
    for (;;) {
      const decoded = Raw.decode(rest)
      if (decoded === undefined) return undefined
      rest = rest.subarray(decoded[1])
    }
  } catch (error) {
    return (error as Error).message
  }
}

export const webSocket = Effect.fnUntraced(function* (options: TestServerOptions) {
  const server = yield* startServer(options)
  const port = Number(new URL(server.url).port)
  return {
    server,
    concurrency: 16,
    isStdio: false,

    connect: Effect.fnUntraced(function* (random) {
      const { next, write } = yield* Raw.open(port).pipe(
        Effect.timeoutOrElse({ duration: GONE_MS, orElse: () => fail("no WebSocket") })
      )
      const heard: Effect.Effect<Heard> = Effect.flatMap(next, ({ opcode, payload }) => {
        if (opcode === Raw.TEXT) return Effect.succeed({ text: payload.toString() })
        if (opcode === "end") return Effect.succeed({ end: "the end of the stream" })
        return opcode === Raw.CLOSE ? Effect.succeed({ end: `close ${payload.toString("hex")}` }) : heard
      })
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => random.chance(0.5) && write(Raw.frame(Raw.CLOSE, Raw.closePayload(1000))))
      )
      return {
        next: heard,
        send: (text) => {
          if (!random.chance(FRAGMENTED)) return write(Raw.frame(Raw.TEXT, text))
          for (const fragment of Raw.fragments(Raw.TEXT, text, 1 + random.below(text.length + 1))) {
            if (random.chance(0.1)) write(Raw.frame(Raw.PING, random.bytes(random.below(126))))
            write(fragment)
          }
        }
      }
    }),

    noiseShare: 0.25,
    noise: Effect.fnUntraced(function* (random, instances, inputs) {
      for (let i = 0; i < inputs; i++) {
        const bytes = random.chance(0.5) ? makeFrames(random, instances) : makeHttp(random)
        const answer = yield* exchange(port, bytes)
        const problem = problemOf(answer)
        if (problem !== undefined) yield* fail(`${problem}: ${shown(answer)} to ${shown(bytes)}`)
      }
    })
  } satisfies Target as Target
})

/** Each line of a stream, until it is told of another reader. */
const readLines = (stream: Readable, onLine: (line: string) => void) => {
  stream.removeAllListeners("data") // whoever keeps all that was said
  let begun: Array<string> = []
  stream.setEncoding("utf8").on("data", (text: string) => {
    const lines = text.split("\n")
    lines[0] = begun.join("") + lines[0]
    begun = [lines.pop()!]
    for (const line of lines) onLine(line)
  })
}

export const stdio = Effect.fnUntraced(function* (options: TestServerOptions) {
  const start = startServer({ ...options, listen: "stdio://" })
  const server = yield* start
  const { stdin, stdout } = server.pipes
  const heard: Array<Heard> = []
  let wake = () => {}
  const hear = (message: Heard) => {
    heard.push(message)
    wake()
  }
  readLines(stdout, (text) => hear({ text }))
  stdout.on("end", () => hear({ end: "the end of stdout" }))
  const next = Effect.callback<Heard>((resume) => {
    wake = () => {
      if (heard.length === 0) return
      wake = () => {}
      resume(Effect.sync(() => heard.shift()!))
    }
    wake()
  })
  const peer: Peer = { next, send: (text) => stdin.write(`${text}\n`) }
  peer.send(
    '{"id":0,"method":"initialize","params":{"clientInfo":{"name":"fuzz","version":"1"},"capabilities":{"experimentalApi":true}}}'
  )
  yield* next
  return {
    server,
    concurrency: 1,
    isStdio: true,
    connect: () => Effect.succeed(peer),
    noiseShare: 0.015,
    // it ends with what is no UTF-8, so each time it is another server
    noise: (random, instances, inputs) =>
      Effect.gen(function* () {
        const { exited, pipes, stderr, stdout } = yield* start
        const bytes = makeLines(random, instances, inputs)
        for (let at = 0; at < bytes.length;) {
          const end = at + 1 + random.length(bytes.length)
          pipes.stdin.write(bytes.subarray(at, end))
          at = end
        }
        pipes.stdin.end()
        const code = yield* exited
        if (code !== 0) yield* fail(`exit ${code}: ${short(stderr(), 2000)} to ${shown(bytes)}`)
        const wrong = stdout()
          .split("\n")
          .find((line) => line !== "" && !/^\{.*\}$/.test(line))
        if (wrong !== undefined) yield* fail(`no message: ${short(wrong)} to ${shown(bytes)}`)
      }).pipe(Effect.scoped)
  } satisfies Target as Target
})
