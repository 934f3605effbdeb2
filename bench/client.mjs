// @ts-check
/** A client that costs as little as it can: streamed output is counted to the byte, but never parsed. */
import { createRequire } from "node:module"
import { WebSocket } from "ws"

/** @import { Client, ClientOptions } from "./types.ts" */

/** Where the method of a notification stands. */
const METHOD_WITHIN = 64
const PAYLOAD = '"deltaBase64":"'
const QUOTE = 0x22
const PAD = 0x3d

/** From the headers of Linux; the same on x86-64 and arm64. */
const IPPROTO_TCP = 6
const TCP_QUICKACK = 12

/** @param {Buffer} frame */
const isOutput = (frame) => frame.subarray(0, METHOD_WITHIN).includes("outputDelta")

/**
 * How many bytes of output a frame holds.
 *
 * @param {Buffer} frame
 */
export const outputBytes = (frame) => {
  const start = frame.indexOf(PAYLOAD) + PAYLOAD.length
  const end = frame.indexOf(QUOTE, start)
  const padding = end === start ? 0 : Number(frame[end - 1] === PAD) + Number(frame[end - 2] === PAD)
  return ((end - start) / 4) * 3 - padding
}

/** Gives what acknowledges at once all that was read on a socket. It lasts until the next read; Node has no call for it. */
const loadQuickAck = () => {
  /** @type {any} */
  let koffi
  try {
    koffi = createRequire(import.meta.url)("koffi")
  } catch {
    throw new Error("it needs koffi, an optional dependency, which has no binary for this machine")
  }
  const setsockopt = koffi.load(null).func("int setsockopt(int, int, int, const int *, unsigned int)")
  const on = new Int32Array([1])
  return (/** @type {any} */ socket) => {
    const fd = socket._handle?.fd
    if (fd >= 0) setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, on, 4)
  }
}

/**
 * Connects and shakes hands.
 *
 * @param {string} url
 * @param {ClientOptions} [options]
 * @returns {Promise<Client>}
 */
export const connect = async (url, { quickAck = false } = {}) => {
  const acknowledge = quickAck ? loadQuickAck() : undefined
  const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 2 ** 30 })
  /** @type {Map<number, { resolve: (result: any) => void, reject: (error: Error) => void }>} */
  const pending = new Map()
  let lastId = 0
  let streamed = 0

  /** @type {Client} */
  const client = {
    request: (method, params) =>
      new Promise((resolve, reject) => {
        if (socket.readyState !== WebSocket.OPEN) return reject(new Error("the connection is closed"))
        const id = ++lastId
        pending.set(id, { resolve, reject })
        socket.send(JSON.stringify({ id, method, params }))
      }),
    streamed: () => streamed,
    onOutput: () => {},
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    terminate: () => socket.terminate()
  }

  socket.on("message", (/** @type {Buffer} */ frame) => {
    if (isOutput(frame)) {
      streamed += outputBytes(frame)
      return client.onOutput()
    }
    const { id, error, result } = JSON.parse(frame.toString())
    const request = pending.get(id)
    if (request === undefined) return
    pending.delete(id)
    if (error === undefined) request.resolve(result)
    else request.reject(new Error(error.message))
  })
  socket.on("close", (code) => {
    for (const { reject } of pending.values()) reject(new Error(`the connection was closed with ${code}`))
    pending.clear()
  })

  await new Promise((resolve, reject) => {
    socket.once("open", resolve)
    socket.on("error", reject)
  })
  if (acknowledge !== undefined) {
    const tcp = /** @type {any} */ (socket)._socket
    tcp.on("data", () => acknowledge(tcp))
    acknowledge(tcp)
  }
  await client.request("initialize", {
    clientInfo: { name: "bench", version: "1" },
    capabilities: { experimentalApi: true }
  })
  socket.send('{"method":"initialized"}')
  return client
}
