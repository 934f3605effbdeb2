/** A client's way to a server over a WebSocket: TCP, TLS, or a unix socket. */
import type { IncomingMessage } from "node:http"
import * as net from "node:net"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { WebSocket, type ClientOptions } from "ws"
import { ConnectError, HandshakeRefused, type OpenError } from "../services/ClientError.ts"
import {
  ClientTransport,
  MAX_ANSWER_BYTES,
  type ClientInbox,
  type ClientLink
} from "../services/ClientTransport.ts"
import * as SystemError from "../services/SystemError.ts"
import * as Heartbeat from "./Heartbeat.ts"
import { EXPECTED, UNIX } from "./ServerUrl.ts"

/** Of the reason for a refusal so much is kept. */
const MAX_BODY_BYTES = 64 * 1024
/** How long the server may take to answer a close frame; then the socket is destroyed. */
const CLOSE_TIMEOUT_MS = 1000

export interface WebSocketClientOptions {
  /** `ws://HOST:PORT`, `wss://HOST:PORT`, or `ws+unix:PATH` with the path as it is. */
  readonly url: string
  /** For a server with `--ws-auth`: sent as `Authorization: Bearer`, and shown nowhere. */
  readonly token?: Redacted.Redacted | undefined
}

/** Connects to the server at this URL. */
export const layer = (options: WebSocketClientOptions): Layer.Layer<ClientTransport> =>
  Layer.succeed(ClientTransport, { open: open(options) })

const open = (options: WebSocketClientOptions) =>
  Effect.fnUntraced(function* (inbox: ClientInbox): Effect.fn.Return<ClientLink, OpenError, Scope.Scope> {
    const heartbeat = yield* Heartbeat.make
    const webSocket = yield* Effect.acquireRelease(dial(options), close)
    const socket = yield* opened(webSocket, options, inbox)
    const watch = () => heartbeat.watch({ socket, webSocket })
    let end = watch()
    const change = (start: () => () => void) => {
      end()
      if (webSocket.readyState === webSocket.OPEN) end = start()
    }
    webSocket.once("close", () => end())
    return {
      send: (text) => webSocket.send(text, () => {}), // "close" follows an error
      pause: () => {
        webSocket.pause()
        change(() => heartbeat.assure(webSocket)) // nobody would hear it answer
      },
      resume: () => {
        webSocket.resume()
        change(watch)
      },
      destroy: () => webSocket.terminate()
    }
  })

/** What may be shown of a URL: it may hold a password, and a query a token. */
const placeOf = (url: string): string => {
  if (url.startsWith(UNIX)) return url
  const { host, protocol } = new URL(url)
  return `${protocol}//${host}`
}

/** Two are missing in the types. */
const WEB_SOCKET: ClientOptions & { readonly closeTimeout: number; readonly maxPendingAutoPongs: number } = {
  perMessageDeflate: false,
  maxPayload: MAX_ANSWER_BYTES,
  maxPendingAutoPongs: 0, // by default a server that pings while we wait for room is cut off
  closeTimeout: CLOSE_TIMEOUT_MS
}

/** Starts to connect. */
const dial = ({ token, url }: WebSocketClientOptions): Effect.Effect<WebSocket, ConnectError> =>
  Effect.try({
    try: () => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${Redacted.value(token)}` }
      const webSocket = url.startsWith(UNIX)
        ? new WebSocket("ws://localhost/", {
            ...WEB_SOCKET,
            headers,
            // the URL would not do: it encodes some characters and ends at a colon
            createConnection: () => net.connect(url.slice(UNIX.length))
          })
        : new WebSocket(url, { ...WEB_SOCKET, headers })
      webSocket.on("error", () => {}) // also once nobody waits for it
      return webSocket
    },
    catch: (error) =>
      (error as { readonly code?: unknown }).code === "ERR_INVALID_CHAR"
        ? new ConnectError({ message: "the token has characters that cannot stand in a header" })
        : new ConnectError({ message: `the URL is none of a server; ${EXPECTED}` })
  })

/** Waits for the WebSocket to open; what it says from then on goes to the inbox. */
const opened = (webSocket: WebSocket, { token, url }: WebSocketClientOptions, inbox: ClientInbox) =>
  Effect.callback<net.Socket, OpenError>((resume) => {
    let socket: net.Socket
    let failure: Error | undefined
    webSocket.once("upgrade", (response) => {
      socket = response.socket
    })
    webSocket.once("open", () => resume(Effect.succeed(socket)))
    webSocket.once("unexpected-response", (_, response) => resume(refused(response, token)))
    webSocket.once("error", (error) => {
      failure = error
      const message = `cannot connect to ${placeOf(url)}: ${SystemError.text(error)}`
      resume(Effect.fail(new ConnectError({ message })))
    })
    webSocket.on("message", (data: Buffer, isBinary) => {
      if (!isBinary) inbox.receive(data.toString())
    })
    webSocket.once("close", (code, reason) => inbox.lost(endOf(code, reason.toString(), failure)))
  })

const endOf = (code: number, reason: string, failure: Error | undefined): string => {
  if (failure !== undefined) return `the connection broke: ${SystemError.text(failure)}`
  if (code === 1006) return "the connection broke"
  return `the server closed the connection with code ${code}${reason === "" ? "" : `: ${reason}`}`
}

/** Reads why. */
const refused = (
  response: IncomingMessage,
  token: Redacted.Redacted | undefined
): Effect.Effect<never, HandshakeRefused> =>
  Effect.callback((resume) => {
    const chunks: Array<Buffer> = []
    let bytes = 0
    response.on("data", (chunk: Buffer) => {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes > MAX_BODY_BYTES) response.destroy()
    })
    response.once("close", () => {
      const text = Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString()
      const body = token === undefined ? text : text.replaceAll(Redacted.value(token), "<redacted>")
      resume(Effect.fail(new HandshakeRefused({ status: response.statusCode!, body })))
    })
  })

/** With a close frame, if it ever opened. */
const close = (webSocket: WebSocket): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (webSocket.readyState === webSocket.CONNECTING) webSocket.terminate()
    if (webSocket.readyState !== webSocket.OPEN) return resume(Effect.void)
    webSocket.once("close", () => resume(Effect.void))
    webSocket.resume()
    webSocket.close(1000)
  })
