// @ts-check
/**
 * The floor: what the same frames cost in Node with a bare `ws` and `child_process`. It checks nothing, confines nothing,
 * has no terminals and forgets what it started. `node bench/floor.mjs --listen ws://127.0.0.1:PORT`
 */
import { spawn } from "node:child_process"
import * as http from "node:http"
import { WebSocketServer } from "ws"

/** @import { ChildProcess } from "node:child_process" */
/** @import { WebSocket } from "ws" */

/** A command waits while so many bytes of its client's have not been sent. */
const MAX_UNSENT = 2 ** 20

/** @param {WebSocket} socket */
const serve = (socket) => {
  /** @type {Map<string, ChildProcess>} */
  const running = new Map()
  /** @param {unknown} message */
  const send = (message) => socket.send(JSON.stringify(message))

  /** @type {(id: unknown, params: any) => void} */
  const exec = (id, { command: [program, ...args], processId, streamStdoutStderr }) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], detached: true })
    if (processId !== undefined) running.set(processId, child)
    /** @param {"stdout" | "stderr"} stream */
    const collect = (stream) => {
      /** @type {Array<Buffer>} */
      const chunks = []
      const pipe = child[stream]
      pipe.on("data", (/** @type {Buffer} */ chunk) => {
        if (!streamStdoutStderr) return void chunks.push(chunk)
        const params = { processId, stream, deltaBase64: chunk.toString("base64"), capReached: false }
        const frame = JSON.stringify({ method: "command/exec/outputDelta", params, emittedAtMs: Date.now() })
        if (socket.bufferedAmount < MAX_UNSENT) return socket.send(frame)
        pipe.pause()
        socket.send(frame, () => pipe.resume())
      })
      return () => Buffer.concat(chunks).toString()
    }
    const stdout = collect("stdout")
    const stderr = collect("stderr")
    child.once("error", ({ message }) => send({ error: { code: -32603, message }, id }))
    child.once("close", (code) => {
      running.delete(processId)
      send({ id, result: { exitCode: code ?? 1, stdout: stdout(), stderr: stderr() } })
    })
  }

  socket.on("message", (data) => {
    const { id, method, params } = JSON.parse(data.toString())
    if (method === "initialize") return send({ id, result: { userAgent: "floor" } })
    if (method === "command/exec") return exec(id, params)
    if (method === "command/exec/terminate" && running.get(params.processId)?.kill("SIGKILL")) {
      return send({ id, result: {} })
    }
    if (id !== undefined) send({ error: { code: -32600, message: `cannot ${method}` }, id })
  })
  socket.on("close", () => {
    for (const child of running.values()) child.kill("SIGKILL")
  })
}

const { hostname, port } = new URL(String(process.argv[3]))
const server = http.createServer((_, answer) => answer.end())
new WebSocketServer({ server, perMessageDeflate: false }).on("connection", serve)
server.listen(Number(port), hostname)
