/** Commands inherit their own stdin, stdout and stderr, and nothing of the server or of other commands. */
import * as fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import {
  HAS_BUBBLEWRAP,
  HAS_NATIVE,
  connect,
  startServer,
  until,
  type TestClient
} from "../support/harness.ts"
import { argumentsOf, pids, statOf } from "../support/trees.ts"

/** How often each kind of command starts on each client: all at once, so that starts happen side by side. */
const ROUNDS = 4

/** What Node calls a pipe is a pair of sockets. */
const PIPE = /^(pipe|socket):\[\d+\]$/
const NULL = /^\/dev\/null$/
const TERMINAL = /^\/dev\/pts\/\d+$/
/** The ways to start a command, and what its descriptors must be. */
const KINDS = [
  { params: {}, descriptors: [NULL, PIPE, PIPE] },
  { params: { streamStdoutStderr: true }, descriptors: [NULL, PIPE, PIPE] },
  { params: { streamStdin: true, streamStdoutStderr: true }, descriptors: [PIPE, PIPE, PIPE] },
  { params: { tty: true }, descriptors: [TERMINAL, TERMINAL, TERMINAL] }
]

let markers = 0

/** Who runs `sleep` for so long and sleeps: before, it opens libraries. */
const sleeping = (seconds: string): ReadonlyArray<number> =>
  pids().filter((pid) => argumentsOf(pid).join(" ").trim() === `sleep ${seconds}` && statOf(pid)?.[0] === "S")

/** Starts a `sleep` and gives its pid. */
const sleeper = Effect.fnUntraced(function* (client: TestClient, params: object) {
  const seconds = `62${process.pid}.${++markers}`
  yield* client.send({
    id: seconds,
    method: "command/exec",
    params: { command: ["sleep", seconds], processId: seconds, disableTimeout: true, ...params }
  })
  return yield* until(`sleep ${seconds}`, 5000, () => sleeping(seconds)[0])
})

const linksOf = (pid: number | "self") =>
  fs.readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [[fd, fs.readlinkSync(`/proc/${pid}/fd/${fd}`)] as const]
    } catch {
      return [] // the one for reading the directory
    }
  })
/** What whoever started these tests left open. */
const INHERITED = new Set(linksOf("self").map(([, target]) => target))

/**
 * Where each open descriptor of a process leads. Without native calls `/dev/null` hides the terminals of others,
 * and what the server itself was given is passed on.
 */
const descriptors = (pid: number): ReadonlyMap<string, string> =>
  new Map(
    linksOf(pid).filter(
      ([fd, target]) => HAS_NATIVE || Number(fd) <= 2 || (target !== "/dev/null" && !INHERITED.has(target))
    )
  )

describe("a command beside other clients' commands", () => {
  it.live("has no descriptors but 0, 1 and 2, and shares none with another command", () =>
    Effect.gen(function* () {
      const server = yield* startServer()
      const clients = yield* Effect.forEach([1, 2, 3], () =>
        Effect.tap(connect(server.url), (client) => client.initialize())
      )
      const wanted = Array.from({ length: ROUNDS }, () =>
        clients.flatMap((client) => KINDS.map((kind) => ({ client, kind })))
      ).flat()
      const started = yield* Effect.forEach(
        wanted,
        ({ client, kind }) =>
          Effect.map(sleeper(client, kind.params), (pid) => ({ kind, open: descriptors(pid) })),
        { concurrency: "unbounded" }
      )
      for (const { kind, open } of started) {
        const shown = JSON.stringify({ ...kind.params, open: [...open] })
        assert.deepStrictEqual([...open.keys()], ["0", "1", "2"], shown)
        for (const [fd, target] of open) assert.match(target, kind.descriptors[Number(fd)]!, shown)
      }
      const own = started.flatMap(({ open }) =>
        [...new Set(open.values())].filter((at) => at !== "/dev/null")
      )
      assert.strictEqual(new Set(own).size, own.length, "each pipe and terminal has one owner")
    })
  )

  it.live.skipIf(!HAS_NATIVE)("is on a terminal for which node-pty's addon is not even loaded", () =>
    Effect.gen(function* () {
      const server = yield* startServer()
      const client = yield* connect(server.url)
      yield* client.initialize()
      for (const sandboxPolicy of [undefined, ...(HAS_BUBBLEWRAP ? [{ type: "readOnly" }] : [])]) {
        const { result } = yield* client.request("command/exec", {
          command: ["tty"],
          processId: "t",
          tty: true,
          sandboxPolicy
        })
        assert.match(JSON.stringify(result), /"exitCode":0/)
      }
      const maps = fs.readFileSync(`/proc/${server.pid}/maps`, "utf8")
      assert.include(maps, "koffi.node")
      assert.notInclude(maps, "pty.node")
    })
  )

  it.live("gives no more to what it starts itself", () =>
    Effect.gen(function* () {
      const server = yield* startServer()
      const client = yield* connect(server.url)
      yield* client.initialize()
      for (const { params } of KINDS) yield* sleeper(client, params)
      const seconds = `62${process.pid}.${++markers}`
      for (const params of [{ processId: "pipes" }, { processId: "terminal", tty: true }]) {
        yield* client.send({
          id: params.processId,
          method: "command/exec",
          params: {
            command: ["sh", "-c", `setsid sleep ${seconds} & wait`],
            disableTimeout: true,
            ...params
          }
        })
      }
      const found = yield* until("two grandchildren", 5000, () => {
        const all = sleeping(seconds)
        return all.length === 2 ? all : undefined
      })
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => found.forEach((pid) => process.kill(pid, "SIGKILL")))
      )
      for (const open of found.map(descriptors)) {
        assert.deepStrictEqual([...open.keys()], ["0", "1", "2"], JSON.stringify([...open]))
      }
    })
  )
})
