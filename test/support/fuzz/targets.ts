/** A server behind each of its transports, as the fuzzer sees it. */
import * as net from "node:net"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { startServer, type TestServer, type TestServerOptions } from "../harness.ts"
import * as Raw from "../rawWebSocket.ts"
import { Finding, short, type Heard, type Peer } from "./conversation.ts"
import { makeFrames, makeHttp } from "./noise.ts"
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
  readonly connect: (random: Random) => Effect.Effect<Peer, Finding, Scope.Scope>
  /** Bytes below the level of messages. */
  readonly noise: (random: Random, instances: Instances) => Effect.Effect<void, Finding>
}

const fail = (message: string) => Effect.fail(new Finding({ message }))

/** What is answered to these bytes, which are the last of their connection. */
const exchange = (port: number, bytes: Buffer) =>
  Effect.callback<Buffer>((resume) => {
    const chunks: Array<Buffer> = []
    const socket = net.connect(port, "127.0.0.1", () => socket.end(bytes))
    socket.on("data", (chunk) => chunks.push(chunk))
    socket.on("error", () => {}) // "close" follows
    socket.on("close", () => resume(Effect.succeed(Buffer.concat(chunks))))
    return Effect.sync(() => socket.destroy())
  }).pipe(
    Effect.timeoutOrElse({
      duration: GONE_MS,
      orElse: () => fail(`a client that hung up is still held after ${GONE_MS} ms`)
    })
  )

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

    noise: Effect.fnUntraced(function* (random, instances) {
      const bytes = random.chance(0.5) ? makeFrames(random, instances) : makeHttp(random)
      const answer = yield* exchange(port, bytes)
      const problem = problemOf(answer)
      if (problem !== undefined) {
        const shown = (bytes: Buffer) => short(JSON.stringify(bytes.toString("latin1")), 2000)
        yield* fail(`${problem}: ${shown(answer)} to ${shown(bytes)}`)
      }
    })
  } satisfies Target as Target
})
