/** Slow clients over real sockets, with scripted processes behind the transport. */
import * as diagnostics from "node:diagnostics_channel"
import { EventEmitter } from "node:events"
import * as http from "node:http"
import type { Socket } from "node:net"
import { Writable } from "node:stream"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type { WebSocket } from "ws"
import * as Backlog from "../../src/layers/Backlog.ts"
import { WebSocketInbox } from "../../src/layers/WebSocketInbox.ts"
import * as WebSocketOutbox from "../../src/layers/WebSocketOutbox.ts"
import { WebSocketTransport } from "../../src/layers/WebSocketTransport.ts"
import * as Limits from "../../src/services/Limits.ts"
import { connect, until, type TestClient } from "../support/harness.ts"
import * as Scripted from "../support/scripted.ts"
import * as ScriptedSpawner from "../support/ScriptedSpawner.ts"

const KIB = 1024
const MIB = 1024 * KIB
const { maxUnsentBytes } = Limits.DEFAULT_LIMITS

/** The server's sides of all connections that are made from now on, in their order. */
const serverSockets = Effect.gen(function* () {
  const sockets: Array<Socket> = []
  const keep = (message: unknown) => void sockets.push((message as { readonly socket: Socket }).socket)
  yield* Effect.acquireRelease(
    Effect.sync(() => diagnostics.subscribe("net.server.socket", keep)),
    () => Effect.sync(() => void diagnostics.unsubscribe("net.server.socket", keep))
  )
  return sockets
})

const listen = Effect.fnUntraced(function* (limits: Partial<Limits.Limits> = {}) {
  const sockets = yield* serverSockets
  const scripted = ScriptedSpawner.make()
  const context = yield* Layer.build(
    WebSocketTransport.layer({ host: "127.0.0.1", port: 0 }).pipe(
      Layer.provide(Scripted.dispatcher(scripted)),
      Layer.provide(Limits.layer(limits))
    )
  )
  const { port } = Context.get(context, WebSocketTransport)
  const url = `ws://127.0.0.1:${port}`
  const client = Effect.tap(connect(url), (client) => client.initialize())
  return { port, url, client, sockets, processes: scripted.processes }
})

const echo = (id: number | string, value: string) => ({
  id,
  method: "mock/experimentalMethod",
  params: { value }
})
const ask = (client: TestClient, id: number | string, value: string) =>
  client.webSocket.send(JSON.stringify(echo(id, value)))

const stream = (client: TestClient, processId: string) =>
  client.send({
    id: processId,
    method: "command/exec",
    params: {
      command: ["x"],
      processId,
      streamStdoutStderr: true,
      disableOutputCap: true,
      disableTimeout: true
    }
  })

/** A client that asks for `bytes` of answers of `size` each and reads none of them. */
const flood = (client: TestClient, bytes: number, size = 64 * KIB) =>
  Effect.sync(() => {
    client.webSocket.pause()
    const value = "x".repeat(size)
    const count = bytes / size
    for (let i = 0; i < count; i++) ask(client, i, value)
    return count
  })

/** Waits until the server holds this connection back. */
const heldBack = (socket: Socket) =>
  until("the pause", 10_000, () =>
    socket.isPaused() && socket.writableLength > maxUnsentBytes ? true : undefined
  )

/** The client stops reading and asks on until so much is unsent at the server, and nothing at the client. */
const fill = (client: TestClient, socket: Socket, bytes: number) =>
  Effect.gen(function* () {
    client.webSocket.pause()
    const value = "x".repeat(64 * KIB)
    yield* until("unsent answers", 10_000, () => {
      if (socket.writableLength > bytes) return true
      if (client.webSocket.bufferedAmount === 0) ask(client, "fill", value)
      return undefined
    })
    yield* until("the last request", 10_000, () => (client.webSocket.bufferedAmount === 0 ? true : undefined))
  })

const socketOf = (client: TestClient) => (client.webSocket as unknown as { readonly _socket: Socket })._socket

describe("a client that does not read its answers", () => {
  it.live("gets at most 8 MiB and one answer queued, and then all of them in order", () =>
    Effect.gen(function* () {
      const server = yield* listen()
      const client = yield* server.client
      const [socket] = server.sockets
      const count = yield* flood(client, 96 * MIB)
      yield* heldBack(socket!)
      let highest = 0
      const other = yield* server.client
      for (let i = 0; i < 50; i++) {
        assert.isDefined((yield* other.request("mock/experimentalMethod", { value: "x" })).result)
        highest = Math.max(highest, socket!.writableLength)
      }
      assert.isAbove(highest, maxUnsentBytes)
      assert.isBelow(highest, maxUnsentBytes + 128 * KIB)
      // the rest waits in the system's buffers and with the client
      assert.isAbove(client.webSocket.bufferedAmount, 32 * MIB)
      assert.isUndefined(client.closed)
      client.webSocket.resume()
      for (let i = 0; i < count; i++) assert.strictEqual((yield* client.next).id, i)
      assert.isBelow(socket!.writableLength, 1)
    })
  )

  it.live("is held back within what was read at once, too", () =>
    Effect.gen(function* () {
      const server = yield* listen({ maxUnsentBytes: 64 * KIB })
      const client = yield* server.client
      const [socket] = server.sockets
      // answers of 600 bytes to requests of 30
      const unknown = (id: number) => `{"id":${id},"method":"x","params":0}`
      client.webSocket.pause()
      const count = 100_000
      let highest = 0
      for (let i = 0; i < count; i++) client.webSocket.send(unknown(i))
      yield* until("the pause", 10_000, () => {
        highest = Math.max(highest, socket!.writableLength)
        return socket!.isPaused() && highest > 64 * KIB ? true : undefined
      })
      assert.isBelow(highest, 66 * KIB)
      client.webSocket.resume()
      for (let i = 0; i < count; i++) assert.strictEqual((yield* client.next).id, i)
    })
  )

  it.live("may ping as often as it likes", () =>
    Effect.gen(function* () {
      const server = yield* listen()
      const client = yield* server.client
      const [socket] = server.sockets
      yield* fill(client, socket!, 64 * KIB)
      let pongs = 0
      client.webSocket.on("pong", () => pongs++)
      for (let i = 0; i < 500; i++) client.webSocket.ping()
      yield* until("the pings", 10_000, () =>
        socket!.bytesRead === socketOf(client).bytesWritten ? true : undefined
      )
      client.webSocket.resume()
      yield* until("the pongs", 10_000, () => (pongs === 500 ? true : undefined))
      assert.isUndefined(client.closed)
    })
  )

  for (const [how, leave] of [
    ["vanishes", (client) => client.webSocket.terminate()],
    [
      "closes and is gone",
      (client) => {
        client.webSocket.close()
        client.webSocket.terminate()
      }
    ]
  ] as ReadonlyArray<readonly [string, (client: TestClient) => void]>) {
    it.live(`ends with its processes when it ${how} while it is held back`, () =>
      Effect.gen(function* () {
        const server = yield* listen()
        const client = yield* server.client
        yield* stream(client, "p")
        const process = yield* until("the process", 5000, () => server.processes[0])
        yield* flood(client, 96 * MIB)
        yield* heldBack(server.sockets[0]!)
        leave(client)
        yield* until("its end", 5000, () => (process.released ? true : undefined))
      })
    )
  }

  it.live("ends when it is gone, if it had said before that nothing more will come", () =>
    Effect.gen(function* () {
      const server = yield* listen({ maxUnsentBytes: 256 * KIB })
      const client = yield* server.client
      const [socket] = server.sockets
      yield* stream(client, "p")
      const process = yield* until("the process", 5000, () => server.processes[0])
      yield* fill(client, socket!, 256 * KIB)
      assert.isTrue(socket!.isPaused())
      ask(client, "not read", "x")
      yield* Effect.callback<void>((resume) => {
        socketOf(client).end(() => resume(Effect.void))
      })
      assert.isFalse(process.released)
      socketOf(client).destroy()
      yield* until("its end", 5000, () => (process.released ? true : undefined))
    })
  )

  it.live("ends a second after it has hung up on what it does not read", () =>
    Effect.gen(function* () {
      const server = yield* listen()
      const client = yield* server.client
      yield* stream(client, "p")
      const process = yield* until("the process", 5000, () => server.processes[0])
      client.webSocket.pause()
      const chunk = "x".repeat(64 * KIB)
      yield* until("unsent output", 10_000, () => {
        Effect.runSync(process.writes(chunk))
        return server.sockets[0]!.writableLength > 0 ? true : undefined
      })
      socketOf(client).end()
      yield* until("its end", 5000, () => (process.released ? true : undefined))
    })
  )
})

describe("the output of many commands", () => {
  it.live("of one client that does not read queues little more than that of one", () =>
    Effect.gen(function* () {
      const COMMANDS = 64
      const server = yield* listen()
      const client = yield* server.client
      const [socket] = server.sockets
      for (let i = 0; i < COMMANDS; i++) yield* stream(client, `p${i}`)
      yield* until("the processes", 5000, () => (server.processes.length === COMMANDS ? true : undefined))
      const paused = new Set<number>()
      server.processes.forEach((process, i) =>
        process.output.attach({ pause: () => paused.add(i), resume: () => paused.delete(i) })
      )
      const chunk = "x".repeat(64 * KIB)
      let [sent, highest] = [0, 0]
      const write = () => {
        server.processes.forEach((process, i) => {
          if (paused.has(i)) return
          sent += chunk.length
          Effect.runSync(process.writes(chunk))
        })
        highest = Math.max(highest, socket!.writableLength)
      }
      client.webSocket.pause()
      yield* until("the back-pressure", 10_000, () => {
        write()
        return paused.size === COMMANDS ? true : undefined
      })
      client.webSocket.resume()
      const goal = sent + 64 * MIB
      yield* until("the flow", 20_000, () => {
        write()
        return sent > goal ? true : undefined
      })
      // what the last stream adds below the high water: a full buffer and a chunk, in base64
      assert.isBelow(highest, Backlog.HIGH_WATER_BYTES + 448 * KIB)
      for (const process of server.processes) yield* process.finishes()
      for (let i = 0; i < COMMANDS; i++) yield* client.response(`p${i}`, 20_000)
      const received = client.inbox
        .map((message) => Buffer.from(message.params.deltaBase64, "base64").length)
        .reduce((sum, length) => sum + length, 0)
      assert.strictEqual(received, sent)
    })
  )

  it.live("does not delay pings, requests and terminate of its client by more than 100 ms", () =>
    Effect.gen(function* () {
      const server = yield* listen()
      const client = yield* server.client
      yield* stream(client, "p")
      const process = yield* until("the process", 5000, () => server.processes[0])
      const flow = { paused: false }
      let bytes = 0
      process.output.attach({ pause: () => (flow.paused = true), resume: () => (flow.paused = false) })
      const chunk = "x".repeat(64 * KIB)
      const writing = setInterval(() => {
        for (let i = 0; i < 64 && !flow.paused; i++) {
          Effect.runSync(process.writes(chunk))
          bytes += chunk.length
        }
      }, 1)
      yield* Effect.addFinalizer(() => Effect.sync(() => clearInterval(writing)))
      yield* until("saturation", 5000, () => (bytes > 16 * MIB ? true : undefined))
      const delays: Array<number> = []
      const timed = <A, E>(effect: Effect.Effect<A, E>) =>
        Effect.suspend(() => {
          const start = performance.now()
          return Effect.tap(effect, () => Effect.sync(() => delays.push(performance.now() - start)))
        })
      const ping = Effect.callback<void>((resume) => {
        client.webSocket.once("pong", () => resume(Effect.void))
        client.webSocket.ping()
      })
      for (let i = 0; i < 20; i++) {
        yield* timed(ping)
        yield* timed(client.request("mock/experimentalMethod", { value: "x" }))
        client.inbox.length = 0
      }
      yield* timed(client.request("command/exec/terminate", { processId: "p" }))
      assert.isAbove(bytes, 32 * MIB)
      delays.sort((a, b) => a - b)
      assert.isBelow(delays[delays.length >> 1]!, 100)
      assert.isBelow(delays[delays.length - 1]!, 500)
    })
  )
})

describe("WebSocketInbox", () => {
  it("keeps the order when what it held back pauses it again", () => {
    const emitter = new EventEmitter()
    const calls: Array<string> = []
    const webSocket = Object.assign(emitter, {
      pause: () => calls.push("pause"),
      resume: () => calls.push("resume")
    })
    const inbox = new WebSocketInbox(webSocket as unknown as WebSocket)
    const come = (text: string) => emitter.emit("message", Buffer.from(text), false)
    inbox.start((text) => {
      calls.push(text)
      if (text !== "e") inbox.pause()
    })
    for (const text of ["a", "b", "c"]) come(text)
    inbox.resume()
    come("d")
    inbox.resume()
    inbox.resume()
    come("e")
    inbox.resume()
    come("e")
    assert.strictEqual(calls.join(" "), "a pause b pause c pause d pause e resume e")
  })
})

describe("WebSocketOutbox", () => {
  /** An outbox over a socket whose unsent bytes the test sets; `written` is what the system says then. */
  const scripted = () => {
    const calls: Array<string> = []
    const written: Array<() => void> = []
    const socket = Object.assign(new EventEmitter(), {
      writableLength: 0,
      destroyed: false,
      cork: () => {},
      uncork: () => {},
      write: (_frame: Uint8Array, done: () => void) => void written.push(done)
    })
    const webSocket = Object.assign(new EventEmitter(), { OPEN: 1, readyState: 1 })
    const outbox = WebSocketOutbox.make(webSocket as unknown as WebSocket, socket as unknown as Socket, {
      maxUnsentBytes: 8 * MIB,
      onFull: () => calls.push("full"),
      onRoom: () => calls.push("room")
    })
    const takes = (unsent: number) => {
      socket.writableLength = unsent
      for (const done of written.splice(0)) done()
    }
    return { outbox, socket, webSocket, calls, takes }
  }

  it.live("hands over all frames of one turn at once, and nothing of them later", () =>
    Effect.gen(function* () {
      const writes: Array<string> = []
      const socket = new Writable({
        writev: (chunks, done) => {
          writes.push(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)).toString("latin1"))
          done()
        }
      })
      const webSocket = Object.assign(new EventEmitter(), { OPEN: 1, readyState: 1 })
      const outbox = WebSocketOutbox.make(webSocket as unknown as WebSocket, socket as unknown as Socket, {
        maxUnsentBytes: 8 * MIB,
        onFull: () => {},
        onRoom: () => {}
      })
      const turn = Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void)))
      outbox.send("one")
      outbox.send([Buffer.from("tw"), Buffer.from("o")])
      assert.deepStrictEqual(writes, [])
      yield* turn
      outbox.send("three")
      yield* turn
      assert.deepStrictEqual(writes, ["\x81\x03one\x81\x03two", "\x81\x05three"])
    })
  )

  it("is full above its bound, whatever is unsent, and has room below half", () => {
    const { calls, outbox, socket, takes, webSocket } = scripted()
    const step = (unsent: number) => {
      socket.writableLength = unsent
      outbox.send("x")
      return calls.join(" ")
    }
    assert.strictEqual(step(8 * MIB), "")
    assert.strictEqual(step(8 * MIB + 1), "full")
    assert.strictEqual(step(9 * MIB), "full")
    takes(4 * MIB)
    assert.strictEqual(step(4 * MIB), "full")
    takes(4 * MIB - 1)
    assert.strictEqual(step(5 * MIB), "full room")
    socket.writableLength = 9 * MIB
    webSocket.emit("ping")
    assert.strictEqual(calls.join(" "), "full room full")
  })

  it.effect("lets streams go on below the high water, though it is never empty, one after the other", () =>
    Effect.gen(function* () {
      const { outbox, socket, takes } = scripted()
      const sent: Array<string> = []
      const stream = (name: string) =>
        Effect.map(outbox.drained, () => {
          sent.push(name)
          socket.writableLength += 400 * KIB
          outbox.send(name)
        }).pipe(Effect.forkChild({ startImmediately: true }))
      socket.writableLength = Backlog.HIGH_WATER_BYTES
      outbox.send("x")
      const [first] = yield* Effect.all(["a", "b", "c", "d", "e"].map(stream))
      assert.deepStrictEqual(sent, [])
      takes(Backlog.HIGH_WATER_BYTES - 1)
      assert.deepStrictEqual(sent, ["a"])
      yield* Fiber.join(first!)
      takes(512 * KIB)
      assert.deepStrictEqual(sent, ["a", "b", "c"])
      socket.destroyed = true
      socket.emit("close")
      assert.deepStrictEqual(sent, ["a", "b", "c", "d", "e"])
    })
  )

  it.effect("forgets a stream that was interrupted while it waited", () =>
    Effect.gen(function* () {
      const { outbox, socket, takes } = scripted()
      socket.writableLength = Backlog.HIGH_WATER_BYTES
      outbox.send("x")
      let done = false
      const waiting = yield* Effect.forkChild(
        Effect.map(outbox.drained, () => (done = true)),
        { startImmediately: true }
      )
      yield* Fiber.interrupt(waiting)
      takes(0)
      assert.isFalse(done)
    })
  )
})

describe("the number of connections", () => {
  const upgrade = (port: number, headers: Readonly<Record<string, string>> = {}) =>
    Effect.callback<{ readonly status: number; readonly type: string | undefined; readonly body: string }>(
      (resume) => {
        const request = http.request({
          host: "127.0.0.1",
          port,
          headers: {
            connection: "Upgrade",
            upgrade: "websocket",
            "sec-websocket-version": "13",
            "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
            ...headers
          }
        })
        request.on("response", (response) => {
          let body = ""
          response.on("data", (chunk: Buffer) => (body += chunk.toString()))
          const { statusCode: status } = response
          response.on("end", () =>
            resume(Effect.succeed({ status: status!, type: response.headers["content-type"], body }))
          )
        })
        request.on("upgrade", (_response, socket) => {
          socket.destroy()
          resume(Effect.succeed({ status: 101, type: undefined, body: "" }))
        })
        request.on("error", (error) => resume(Effect.die(error)))
        request.end()
      }
    )

  it.live("is bounded: one more is answered 503, after the checks of its form, until one is over", () =>
    Effect.gen(function* () {
      const { client, port } = yield* listen({ maxConnections: 2 })
      const first = yield* client
      const second = yield* client
      assert.deepStrictEqual(yield* upgrade(port), {
        status: 503,
        type: "text/plain; charset=utf-8",
        body: "All 2 connections are in use; try again later"
      })
      assert.strictEqual((yield* upgrade(port, { origin: "null" })).status, 403)
      assert.strictEqual((yield* upgrade(port, { "sec-websocket-version": "8" })).status, 400)
      const probe = yield* Effect.promise(() => fetch(`http://127.0.0.1:${port}/readyz`))
      assert.strictEqual(probe.status, 200)
      first.webSocket.terminate()
      yield* until("a place", 5000, () => first.closed)
      let status = 503
      while (status === 503) ({ status } = yield* upgrade(port))
      assert.strictEqual(status, 101)
      assert.isDefined((yield* second.request("mock/experimentalMethod", { value: "x" })).result)
    })
  )
})
