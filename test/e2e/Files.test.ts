/** `fs/*` of the built server over real sockets: what outlives a request, and what it costs. */
import * as ChildProcess from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import {
  MAIN,
  connect,
  conversation,
  temporaryDirectory,
  until,
  type TestClient
} from "../support/harness.ts"
import { settled } from "../support/holdings.ts"

const MIB = 1024 * 1024
const base64 = (text: string) => Buffer.from(text).toString("base64")

/** What the system watches for a process. */
const watchesOf = (pid: number) =>
  fs.readdirSync(`/proc/${pid}/fdinfo`).flatMap((fd) => {
    try {
      return fs.readFileSync(`/proc/${pid}/fdinfo/${fd}`, "latin1").match(/^inotify /gm) ?? []
    } catch {
      return [] // closed meanwhile
    }
  }).length

const watch = (client: TestClient, watchId: string, path: string) =>
  client.request("fs/watch", { watchId, path })

const changed = (client: TestClient) =>
  Effect.map(client.notification("fs/changed"), ({ params }) => [params.watchId, params.changedPaths])

describe("requests for one path", () => {
  it.live("that are sent at once act in their order", () =>
    Effect.gen(function* () {
      const { client, server } = yield* conversation()
      const [f, g] = ["f", "g"].map((name) => path.join(server.cwd, name))
      const requests = [
        ["fs/writeFile", { path: f, dataBase64: base64("1".repeat(300_000)) }],
        ["fs/copy", { sourcePath: f, destinationPath: g }],
        ["fs/writeFile", { path: f, dataBase64: base64("2") }],
        ["fs/readFile", { path: g }],
        ["fs/remove", { path: g }],
        ["fs/getMetadata", { path: g }],
        ["fs/createDirectory", { path: g, recursive: false }],
        ["fs/copy", { sourcePath: f, destinationPath: g }],
        ["fs/readFile", { path: f }]
      ] as const
      for (const [id, [method, params]] of requests.entries()) yield* client.send({ id, method, params })
      const answers = yield* Effect.forEach(requests, (_, id) => client.response(id))
      assert.deepStrictEqual(
        answers.map(({ error, result }) => error?.message ?? result),
        [
          {},
          {},
          {},
          { dataBase64: base64("1".repeat(300_000)) },
          {},
          "No such file or directory (os error 2)",
          {},
          "Is a directory (os error 21)",
          { dataBase64: base64("2") }
        ]
      )
    })
  )
})

describe("a watch", () => {
  it.live("tells its own client what changes, 200 ms after the first change", () =>
    Effect.gen(function* () {
      const { client, server } = yield* conversation()
      const other = yield* connect(server.url)
      yield* other.initialize()
      const directory = path.join(server.cwd, "d")
      fs.mkdirSync(directory)
      assert.deepStrictEqual((yield* watch(client, "w", `${server.cwd}/./x/../d/`)).result, {
        path: directory
      })
      assert.deepStrictEqual((yield* watch(other, "w", path.join(directory, "b"))).result, {
        path: path.join(directory, "b")
      })
      const before = Date.now()
      for (const name of ["b", "a", "c"]) fs.writeFileSync(path.join(directory, name), "")
      const paths = ["a", "b", "c"].map((name) => path.join(directory, name))
      assert.deepStrictEqual(yield* changed(client), ["w", paths])
      assert.isAtLeast(Date.now() - before, 190)
      assert.deepStrictEqual(yield* changed(other), ["w", [paths[1]]])
      assert.deepStrictEqual((yield* client.request("fs/unwatch", { watchId: "w" })).result, {})
      fs.writeFileSync(path.join(directory, "b"), "x")
      assert.deepStrictEqual(yield* changed(other), ["w", [paths[1]]])
      assert.deepStrictEqual(client.inbox, [])
    })
  )

  it.live("sees what the client itself changes behind it, and what commands do", () =>
    Effect.gen(function* () {
      const { client, server } = yield* conversation()
      const file = path.join(server.cwd, "f")
      yield* client.send({ id: 1, method: "fs/watch", params: { watchId: "w", path: file } })
      yield* client.send({ id: 2, method: "fs/writeFile", params: { path: file, dataBase64: "" } })
      assert.deepStrictEqual(yield* changed(client), ["w", [file]])
      yield* client.request("command/exec", { command: ["rm", file] })
      assert.deepStrictEqual(yield* changed(client), ["w", [file]])
    })
  )

  it.live("ends with its connection, however that ends, and leaves nothing with the system", () =>
    Effect.gen(function* () {
      const { client, server } = yield* conversation()
      fs.mkdirSync(path.join(server.cwd, "d"))
      yield* watch(client, "mine", path.join(server.cwd, "d"))
      const before = watchesOf(server.pid)
      const descriptors = () => fs.readdirSync(`/proc/${server.pid}/fd`).length
      const open = (yield* settled(server)).descriptors
      for (const end of ["close", "terminate"] as const) {
        const other = yield* connect(server.url)
        yield* other.initialize()
        for (let i = 0; i < 50; i++) {
          assert.isDefined((yield* watch(other, `${i}`, path.join(server.cwd, `missing/${i}`))).result)
          const own = path.join(server.cwd, `own ${i}`)
          fs.mkdirSync(own, { recursive: true })
          assert.isDefined((yield* watch(other, `own ${i}`, own)).result)
        }
        assert.isAtLeast(watchesOf(server.pid), before + 50)
        // with changes that wait to be told
        for (let i = 0; i < 50; i += 2) fs.rmdirSync(path.join(server.cwd, `own ${i}`))
        other.webSocket[end]()
        yield* until("as before", 5000, () =>
          watchesOf(server.pid) === before && descriptors() <= open ? true : undefined
        )
      }
      yield* client.request("fs/unwatch", { watchId: "mine" })
      yield* until("nothing", 5000, () => (watchesOf(server.pid) === 0 ? true : undefined))
    })
  )

  it.live("is refused with the name of the setting when the system has no more", ({ skip }) =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      // a user namespace has a bound of its own, so nobody else is bounded
      const script = `echo 3 >/proc/sys/user/max_inotify_watches && exec "$0" "$@"`
      const words = ["-Ur", "sh", "-c", script]
      if (ChildProcess.spawnSync("unshare", [...words, "true"]).status !== 0) {
        return skip("there is no unshare(1), or no user namespace")
      }
      const server = yield* Effect.acquireRelease(
        Effect.sync(() =>
          ChildProcess.spawn("unshare", [...words, process.execPath, MAIN, "--listen", "ws://127.0.0.1:0"], {
            env: { PATH: process.env["PATH"], HOME: directory, CODEX_HOME: directory }
          })
        ),
        (server) => Effect.sync(() => server.kill("SIGKILL"))
      )
      let said = ""
      server.stderr.on("data", (bytes) => (said += bytes))
      const client = yield* connect(
        yield* until("the banner", 10_000, () => /listening on: (\S+)/.exec(said)?.[1])
      )
      yield* client.initialize()
      for (const name of ["a", "b"]) fs.mkdirSync(path.join(directory, name))
      // the directory of both, and each of them
      for (const name of ["a", "b"]) {
        assert.isDefined((yield* watch(client, name, path.join(directory, name))).result, name)
      }
      const { error } = yield* watch(client, "c", "/usr")
      assert.deepStrictEqual(error, {
        code: -32603,
        message:
          "No space left on device (os error 28): the system has no more watches; raise fs.inotify.max_user_watches with sysctl"
      })
      yield* client.request("fs/unwatch", { watchId: "b" })
      assert.isDefined((yield* watch(client, "c", directory)).result, "there is room again")
    })
  )
})

describe("large files", () => {
  const FILE = 24 * MIB
  const REQUESTS = 8
  /** Content, base64, message and its bytes are 120 MiB, and as much is garbage; all of them would be 950. */
  const MAX_GROWTH = 300 * MIB

  const memory = (pid: number) =>
    Number(/^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, "latin1"))![1]) * 1024

  it.live(
    "cost the memory of one, however many a client asks for that does not read",
    () =>
      Effect.gen(function* () {
        const { client, server } = yield* conversation()
        const file = path.join(server.cwd, "f")
        fs.writeFileSync(file, "")
        fs.truncateSync(file, FILE)
        const before = memory(server.pid)
        client.webSocket.pause()
        for (let id = 0; id < REQUESTS; id++) {
          yield* client.send({ id, method: "fs/readFile", params: { path: file } })
        }
        let highest = 0
        const end = Date.now() + 3000
        yield* until("the end of the stall", 10_000, () => {
          highest = Math.max(highest, memory(server.pid))
          return Date.now() > end ? true : undefined
        })
        assert.isBelow(highest - before, MAX_GROWTH)
        client.webSocket.resume()
        for (let id = 0; id < REQUESTS; id++) {
          const { result } = yield* client.response(id, 20_000)
          assert.strictEqual(Buffer.from(result.dataBase64, "base64").length, FILE)
        }
      }),
    60_000
  )

  it.live("are not read above the bound", () =>
    Effect.gen(function* () {
      const { client, server } = yield* conversation()
      const file = path.join(server.cwd, "f")
      fs.writeFileSync(file, "")
      fs.truncateSync(file, 64 * MIB + 1)
      const before = memory(server.pid)
      assert.deepStrictEqual((yield* client.request("fs/readFile", { path: file })).error, {
        code: -32600,
        message: "file is too large to read: limit is 67108864 bytes; read parts of it with command/exec"
      })
      assert.isBelow(memory(server.pid) - before, 16 * MIB)
    })
  )

  it.live("that are copied when their client hangs up are closed", () =>
    Effect.gen(function* () {
      const { client, server } = yield* conversation()
      const descriptors = () => fs.readdirSync(`/proc/${server.pid}/fd`).length
      const open = (yield* settled(server)).descriptors
      const other = yield* connect(server.url)
      yield* other.initialize()
      const [from, to] = ["from", "to"].map((name) => path.join(server.cwd, name))
      fs.writeFileSync(from!, "")
      fs.truncateSync(from!, 2 ** 40)
      yield* other.send({ id: 1, method: "fs/copy", params: { sourcePath: from, destinationPath: to } })
      yield* until("the copy", 5000, () =>
        fs.existsSync(to!) && fs.statSync(to!).size > MIB ? true : undefined
      )
      other.webSocket.terminate()
      yield* until("as before", 5000, () => (descriptors() <= open ? true : undefined))
      const { size } = fs.statSync(to!)
      assert.isDefined((yield* client.request("fs/writeFile", { path: to, dataBase64: "" })).result)
      assert.isBelow(size, 2 ** 40)
    })
  )
})
