/** Sandboxes that wait for a command on a real server: none is weaker than a new one, and none outlives the server. */
import * as ChildProcess from "node:child_process"
import * as fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { HAS_SPARES, connect, conversation, temporaryDirectory, until } from "../support/harness.ts"
import { awaitSpare, sparesOf } from "../support/sandboxed.ts"
import { argumentsOf, childrenOf, pids, statOf } from "../support/trees.ts"

const GONE_MS = 2000
const READ_ONLY = { type: "readOnly" }

/** A machine of its own as far as mounts go, where what is mounted later shows in all that is there. */
const OWN_MOUNTS = ["unshare", "-Urm", "--propagation", "shared", "--"]
const CAN_MOUNT = ChildProcess.spawnSync(OWN_MOUNTS[0]!, [...OWN_MOUNTS.slice(1), "true"]).status === 0

const isAlive = (pid: number) => ![undefined, "Z", "X"].includes(statOf(pid)?.[0])
const below = (pid: number): ReadonlyArray<number> => [pid, ...childrenOf(pid).flatMap(below)]
const allGone = (what: string, all: ReadonlyArray<number>) =>
  until(what, GONE_MS, () => (all.some(isAlive) ? undefined : true))

describe.skipIf(!HAS_SPARES)("a sandbox that waits for a command", () => {
  it.live.skipIf(!CAN_MOUNT)("is not used when something has been mounted meanwhile", () =>
    Effect.gen(function* () {
      const { client, server } = yield* conversation({ through: OWN_MOUNTS })
      const directory = yield* temporaryDirectory
      const exec = (script: string, sandboxPolicy: object) =>
        Effect.map(
          client.request("command/exec", { command: ["sh", "-c", script], sandboxPolicy }),
          ({ error, result }) => {
            assert.isUndefined(error)
            return result
          }
        )
      const spare = yield* awaitSpare(client, server.pid, READ_ONLY)
      const open = { type: "dangerFullAccess" }
      const mounted = yield* exec(`mount -t tmpfs none ${directory}`, open)
      assert.strictEqual(mounted.exitCode, 0, mounted.stderr)
      const written = yield* exec(`echo x >${directory}/x`, READ_ONLY)
      assert.include(written.stderr, "Read-only file system")
      assert.strictEqual((yield* exec(`ls ${directory}`, open)).stdout, "")
      yield* allGone("the end of the spare", [spare])
      // and the next one knows it
      assert.notStrictEqual(yield* awaitSpare(client, server.pid, READ_ONLY), spare)
    })
  )

  it.live.each(["SIGKILL", "SIGTERM"] as const)("ends with the server after %s", (signal) =>
    Effect.gen(function* () {
      const { client, server } = yield* conversation()
      for (const networkAccess of [false, true])
        yield* awaitSpare(client, server.pid, { ...READ_ONLY, networkAccess })
      const spares = sparesOf(server.pid)
      assert.strictEqual(spares.length, 2)
      const all = spares.flatMap(below)
      assert.isAtLeast(all.length, 4)
      yield* server.signal(signal)
      yield* server.exited
      yield* allGone("the end of the spares", all)
    })
  )

  it.live("ends with its command, and takes along what that left, when the client vanishes", () =>
    Effect.gen(function* () {
      const { client, server } = yield* conversation()
      const spare = yield* awaitSpare(client, server.pid, READ_ONLY)
      const other = yield* connect(server.url)
      yield* other.initialize()
      const script = "(env -i setsid sleep 61 &); (setsid sleep 61 &); exec sleep 61"
      yield* other.send({
        id: 1,
        method: "command/exec",
        params: {
          command: ["sh", "-c", script],
          sandboxPolicy: READ_ONLY,
          disableTimeout: true,
          processId: "p"
        }
      })
      const all = yield* until("the whole tree", GONE_MS, () => {
        const all = below(spare)
        return all.filter((pid) => argumentsOf(pid)[0] === "sleep").length === 3 ? all : undefined
      })
      other.webSocket.terminate()
      yield* allGone("the end of the tree", all)
    })
  )

  it.live("shows nobody what runs in it, or with what", () =>
    Effect.gen(function* () {
      const { client, server } = yield* conversation()
      const spare = yield* awaitSpare(client, server.pid, READ_ONLY)
      const secret = "a-secret-of-this-test"
      yield* client.send({
        id: 1,
        method: "command/exec",
        params: {
          command: ["sh", "-c", "sleep 62 & wait"],
          env: { SECRET: secret },
          sandboxPolicy: READ_ONLY,
          processId: "p"
        }
      })
      const sleeper = yield* until("the command", GONE_MS, () =>
        below(spare).find((pid) => argumentsOf(pid)[1] === "62")
      )
      const read = (pid: number, file: string) => {
        try {
          return fs.readFileSync(`/proc/${pid}/${file}`, "utf8")
        } catch {
          return "" // gone, or not ours
        }
      }
      assert.include(read(sleeper, "environ"), secret)
      for (const pid of pids()) assert.notInclude(read(pid, "cmdline"), secret)
      assert.notInclude(read(spare, "environ"), secret)
      yield* client.request("command/exec/terminate", { processId: "p" })
    })
  )
})
