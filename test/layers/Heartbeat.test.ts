/** The heartbeat under a clock of the test's own: by itself with scripted peers, and behind real sockets. */
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import { WebSocket, WebSocketServer } from "ws"
import * as Heartbeat from "../../src/layers/Heartbeat.ts"
import * as WebSocketClient from "../../src/layers/WebSocketClient.ts"
import { WebSocketTransport } from "../../src/layers/WebSocketTransport.ts"
import { ClientTransport } from "../../src/services/ClientTransport.ts"
import { TestClient, connect, until } from "../support/harness.ts"
import * as Scripted from "../support/scripted.ts"
import * as ScriptedSpawner from "../support/ScriptedSpawner.ts"

/** A peer that says nothing by itself, and what was done to it. */
const silentPeer = () => {
  const socket = { bytesRead: 0, writableLength: 0 }
  const done: Array<"ping" | "terminate"> = []
  const webSocket = { ping: () => void done.push("ping"), terminate: () => void done.push("terminate") }
  return { socket, webSocket, done }
}

const seconds = (count: number) => TestClock.adjust(count * 1000)
const BEAT = Heartbeat.BEAT_MS / 1000
const PING = Heartbeat.PING_AFTER_MS / 1000
const GONE = Heartbeat.GONE_AFTER_MS / 1000

describe("Heartbeat", () => {
  it.effect("pings after 30 s of silence, once, and ends the connection after 90 s", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual([PING, GONE], [30, 90])
      const { watch } = yield* Heartbeat.make
      const peer = silentPeer()
      watch(peer)
      yield* seconds(PING)
      assert.deepStrictEqual(peer.done, [])
      yield* seconds(BEAT)
      assert.deepStrictEqual(peer.done, ["ping"])
      yield* seconds(GONE - PING - 1)
      assert.deepStrictEqual(peer.done, ["ping"])
      yield* seconds(1)
      assert.deepStrictEqual(peer.done, ["ping", "terminate"])
      yield* seconds(1000)
      assert.deepStrictEqual(peer.done, ["ping", "terminate"])
    })
  )

  it.effect("keeps a peer that answers, and pings it again after the next silence", () =>
    Effect.gen(function* () {
      const { watch } = yield* Heartbeat.make
      const peer = silentPeer()
      watch(peer)
      for (let pings = 1; pings <= 20; pings++) {
        yield* seconds(PING + BEAT)
        assert.deepStrictEqual(
          peer.done,
          Array.from({ length: pings }, () => "ping")
        )
        peer.socket.bytesRead += 6
      }
    })
  )

  it.effect("assures a peer every 30 s, until it is told to stop", () =>
    Effect.gen(function* () {
      const { assure } = yield* Heartbeat.make
      let pongs = 0
      const stop = assure({ pong: () => void pongs++ })
      yield* seconds(PING - 1)
      assert.strictEqual(pongs, 0)
      yield* seconds(1)
      assert.strictEqual(pongs, 1)
      yield* seconds(9 * PING)
      assert.strictEqual(pongs, 10)
      stop()
      yield* seconds(1000)
      assert.strictEqual(pongs, 10)
    })
  )

  it.effect("pings nobody who talks", () =>
    Effect.gen(function* () {
      const { watch } = yield* Heartbeat.make
      const peer = silentPeer()
      watch(peer)
      for (let i = 0; i < 100; i++) {
        peer.socket.bytesRead++
        yield* seconds(PING - BEAT)
      }
      assert.deepStrictEqual(peer.done, [])
    })
  )

  it.effect("leaves a peer alone while anything is unsent, and counts anew when nothing is", () =>
    Effect.gen(function* () {
      const { watch } = yield* Heartbeat.make
      const peer = silentPeer()
      watch(peer)
      peer.socket.writableLength = 1
      yield* seconds(3600)
      assert.deepStrictEqual(peer.done, [])
      peer.socket.writableLength = 0
      yield* seconds(PING - 1)
      assert.deepStrictEqual(peer.done, [])
      yield* seconds(BEAT + 1)
      assert.deepStrictEqual(peer.done, ["ping"])
      peer.socket.writableLength = 1
      yield* seconds(3600)
      peer.socket.writableLength = 0
      yield* seconds(GONE - 1)
      assert.deepStrictEqual(peer.done, ["ping", "ping"])
      yield* seconds(1)
      assert.deepStrictEqual(peer.done, ["ping", "ping", "terminate"])
    })
  )

  it.effect("counts the silence of each peer by itself, whenever it came", () =>
    Effect.gen(function* () {
      const { watch } = yield* Heartbeat.make
      const peers = [silentPeer(), silentPeer(), silentPeer()]
      for (const peer of peers) {
        watch(peer)
        yield* seconds(17)
      }
      yield* seconds(BEAT)
      // 56, 39 and 22 seconds
      assert.deepStrictEqual(
        peers.map((peer) => peer.done),
        [["ping"], ["ping"], []]
      )
      peers[0]!.socket.bytesRead++
      yield* seconds(GONE - 39 + BEAT)
      assert.deepStrictEqual(
        peers.map((peer) => peer.done),
        [["ping", "ping"], ["ping", "terminate"], ["ping"]]
      )
    })
  )

  it.effect("forgets a peer that is no longer watched", () =>
    Effect.gen(function* () {
      const { watch } = yield* Heartbeat.make
      const [gone, here] = [silentPeer(), silentPeer()]
      const unwatch = watch(gone)
      watch(here)
      unwatch()
      unwatch()
      yield* seconds(PING + BEAT)
      assert.deepStrictEqual([gone.done, here.done], [[], ["ping"]])
    })
  )

  it.effect("goes on after a time without peers", () =>
    Effect.gen(function* () {
      const { watch } = yield* Heartbeat.make
      watch(silentPeer())()
      yield* seconds(1000)
      const peer = silentPeer()
      watch(peer)
      yield* seconds(PING)
      assert.deepStrictEqual(peer.done, [])
      yield* seconds(BEAT)
      assert.deepStrictEqual(peer.done, ["ping"])
    })
  )

  it.live("has one timer for all peers, and none without peers or after its Scope", () =>
    Effect.gen(function* () {
      const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length
      const before = timers()
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { watch } = yield* Heartbeat.make
          assert.strictEqual(timers(), before)
          const ends = Array.from({ length: 1000 }, () => watch(silentPeer()))
          assert.strictEqual(timers(), before + 1)
          for (const end of ends) end()
          assert.strictEqual(timers(), before)
          watch(silentPeer())
          assert.strictEqual(timers(), before + 1)
        })
      )
      assert.strictEqual(timers(), before)
    })
  )
})

describe("a WebSocket", () => {
  const live = TestClock.withLive

  it.effect("of a client that is gone ends with its processes; quiet and slow clients stay", () =>
    Effect.gen(function* () {
      const scripted = ScriptedSpawner.make()
      const { processes } = scripted
      const context = yield* Layer.build(
        WebSocketTransport.layer({ host: "127.0.0.1", port: 0 }).pipe(
          Layer.provide(Scripted.dispatcher(scripted))
        )
      )
      const url = `ws://127.0.0.1:${Context.get(context, WebSocketTransport).port}`
      const start = (client: TestClient) =>
        Effect.gen(function* () {
          yield* client.initialize()
          const count = processes.length
          yield* client.send({
            id: "run",
            method: "command/exec",
            params: {
              command: ["x"],
              processId: "p",
              streamStdoutStderr: true,
              disableOutputCap: true,
              disableTimeout: true
            }
          })
          return yield* until("the process", 5000, () => processes[count])
        })
      const quiet = yield* live(connect(url))
      let pings = 0
      quiet.webSocket.on("ping", () => pings++)
      const quietProcess = yield* live(start(quiet))

      const gone = new TestClient(new WebSocket(url, { autoPong: false }))
      yield* Effect.callback<void>((resume) => {
        gone.webSocket.once("open", () => resume(Effect.void))
      })
      const goneProcess = yield* live(start(gone))

      const slow = yield* live(connect(url))
      const slowProcess = yield* live(start(slow))
      slow.webSocket.pause()
      let paused = false
      slowProcess.output.attach({ pause: () => (paused = true), resume: () => (paused = false) })
      const chunk = "x".repeat(64 * 1024)
      yield* live(
        until("unsent output", 10_000, () => {
          Effect.runSync(slowProcess.writes(chunk))
          return paused ? true : undefined
        })
      )

      for (let silences = 1; silences <= 3; silences++) {
        yield* seconds(PING + BEAT)
        yield* live(until("the ping", 5000, () => (pings === silences ? true : undefined)))
        // behind the pong, so that was read, too
        assert.isDefined((yield* live(quiet.request("mock/experimentalMethod", { value: "x" }))).result)
      }
      yield* live(until("the end of the one that is gone", 5000, () => gone.closed))
      yield* live(until("the end of its process", 5000, () => (goneProcess.released ? true : undefined)))
      yield* seconds(PING)
      assert.deepStrictEqual(
        [quiet, slow].map((client) => client.closed),
        [undefined, undefined]
      )
      assert.deepStrictEqual([quietProcess.released, slowProcess.released], [false, false])
      slow.webSocket.resume()
      yield* live(until("the flow", 5000, () => (paused ? undefined : true)))
      yield* slowProcess.finishes()
      assert.isDefined((yield* live(slow.response("run"))).result)
    })
  )

  it.effect(
    "of our client that is not read tells the server that somebody is here, until it is read again",
    () =>
      Effect.gen(function* () {
        const server = yield* Effect.acquireRelease(
          Effect.callback<WebSocketServer>((resume) => {
            const server: WebSocketServer = new WebSocketServer({ host: "127.0.0.1", port: 0 }, () =>
              resume(Effect.succeed(server))
            )
          }),
          (server) => Effect.sync(() => server.close())
        )
        const heard: Array<"ping" | "pong"> = []
        server.on("connection", (webSocket) => {
          webSocket.on("ping", () => heard.push("ping")).on("pong", () => heard.push("pong"))
        })
        const { port } = server.address() as AddressInfo
        const context = yield* Layer.build(WebSocketClient.layer({ url: `ws://127.0.0.1:${port}` }))
        const transport = Context.get(context, ClientTransport)
        const link = yield* transport.open({ receive: () => {}, lost: () => {} })
        const hears = (count: number) =>
          live(until("the next one", 5000, () => (heard.length === count ? true : undefined)))
        link.pause()
        for (let pongs = 1; pongs <= 4; pongs++) {
          yield* seconds(PING)
          yield* hears(pongs)
        }
        link.resume()
        yield* seconds(PING + BEAT)
        yield* hears(5)
        assert.deepStrictEqual(heard, ["pong", "pong", "pong", "pong", "ping"])
      })
  )
})
