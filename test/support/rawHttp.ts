/** HTTP by hand over a bare socket, for what no client would send. */
import * as net from "node:net"
import * as Effect from "effect/Effect"

const WAIT_MS = 5000

export interface RawAnswer {
  readonly status: number
  readonly head: string
  readonly body: string
}

const parse = (text: string): RawAnswer | undefined => {
  const end = text.indexOf("\r\n\r\n")
  if (end < 0) return undefined
  const head = text.slice(0, end)
  const body = text.slice(end + 4)
  const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0)
  return body.length < length
    ? undefined
    : { status: Number(head.slice(9, 12)), head, body: body.slice(0, length) }
}

/** The headers of a good upgrade request, without those that are named. */
export const upgradeHeaders = (...without: ReadonlyArray<string>): ReadonlyArray<string> =>
  [
    "Host: 127.0.0.1:4500",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
  ].filter((line) => !without.includes(line.split(":", 1)[0]!))

export const requestText = (headers: ReadonlyArray<string>, line = "GET / HTTP/1.1"): string =>
  [line, ...headers, "", ""].join("\r\n")

/** What is answered to these bytes (each character is one), before the connection ends; a path is a unix socket's. */
export const ask = (at: number | string, bytes: string, host = "127.0.0.1") =>
  Effect.callback<RawAnswer>((resume) => {
    let text = ""
    const where = typeof at === "string" ? { path: at } : { port: at, host }
    const socket = net.connect(where, () => socket.write(bytes, "latin1"))
    const done = (answer: RawAnswer) => {
      socket.destroy()
      resume(Effect.succeed(answer))
    }
    socket.setTimeout(WAIT_MS, () => done({ status: -1, head: text, body: "no answer" }))
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1")
      const answer = parse(text)
      if (answer !== undefined) done(answer)
    })
    socket.on("error", () => {})
    socket.on("close", () => done({ status: 0, head: text, body: "closed" }))
  })

/**
 * Sends these bytes; everything that came until the server has let go of the connection, which it is never told to,
 * and after how long it said that it would say no more.
 */
export const untilClosed = (port: number, bytes: string, milliseconds = WAIT_MS) =>
  Effect.callback<{ readonly text: string; readonly ms: number }>((resume) => {
    const started = performance.now()
    let text = ""
    const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true }, () => {
      if (bytes !== "") socket.write(bytes, "latin1")
    })
    let ms: number | undefined
    const done = () => {
      clearTimeout(timer)
      clearInterval(probe)
      socket.destroy()
      resume(Effect.succeed({ text, ms: ms ?? performance.now() - started }))
    }
    // refused as soon as nobody holds the other end
    let probe: NodeJS.Timeout | undefined
    const timer = setTimeout(() => {
      clearInterval(probe)
      socket.destroy()
      resume(Effect.die(new Error(`still open after ${milliseconds} ms: ${JSON.stringify(text)}`)))
    }, milliseconds)
    socket.on("data", (chunk) => (text += chunk.toString("latin1")))
    socket.on("end", () => {
      ms = performance.now() - started
      probe = setInterval(() => socket.write("x"), 10)
    })
    socket.on("error", done)
    socket.on("close", done)
  })
