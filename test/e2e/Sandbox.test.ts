/**
 * What holds for commands holds for sandboxed ones: they end, whatever they do, they inherit nothing, and what cannot
 * be confined does not run.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import {
  HAS_BUBBLEWRAP,
  HAS_NATIVE,
  connect,
  conversation,
  startServer,
  temporaryDirectory,
  until,
  type TestClient,
  type TestServer
} from "../support/harness.ts"
import * as Sandboxed from "../support/sandboxed.ts"
import * as Trees from "../support/trees.ts"

const KILL_ROUNDS = Number(process.env["KILL_ROUNDS"] ?? 5)
const COMMAND_GONE_MS = 1000
const SERVER_GONE_MS = 2000
/** The promise is 50 ms, on a machine that does nothing else. */
const TERMINATE_ANSWER_MS = 250
/** How long the check of the sandbox may take; each of its steps has 5 s. */
const CHECK_MS = 10_000

const IO = {
  pipes: { streamStdin: true, streamStdoutStderr: true },
  "a terminal": { tty: true }
} as const
type Io = keyof typeof IO

const OPTIONS = Trees.options(Trees.TREES / 2)

class Server extends Context.Service<Server, TestServer>()("test/Server") {}

const join = Effect.fnUntraced(function* (server: TestServer) {
  const client = yield* connect(server.url)
  yield* client.initialize({ experimentalApi: true, extensions: { "effect-app-server/exec": {} } })
  return client
})

interface Grown extends Trees.Planted {
  readonly client: TestClient
  readonly name: string
}

let trees = 0
const sow = Effect.fnUntraced(function* (
  client: TestClient,
  tree: Trees.Tree,
  io: Io,
  limit: object = { disableTimeout: true }
) {
  const planted = yield* Trees.plant(tree)
  const name = `tree ${++trees}`
  const params = { command: planted.command, processId: name, ...IO[io], ...limit }
  const send = client.send({
    id: name,
    method: "command/exec",
    params: { ...params, sandboxPolicy: Sandboxed.writable(planted.dir) }
  })
  return { ...planted, client, name, send }
})
/** Starts a tree as a sandboxed command and waits until all of it is there. */
const grow = (...parameters: Parameters<typeof sow>) =>
  Effect.gen(function* () {
    const sown = yield* sow(...parameters)
    yield* sown.send
    yield* Sandboxed.awaitUp(sown)
    return sown satisfies Grown
  })

/** All victims end in time and stay ended, while the others run on. */
const onlyTheseEnd = Effect.fnUntraced(function* (
  milliseconds: number,
  victims: ReadonlyArray<Trees.Planted>,
  others: ReadonlyArray<Trees.Planted>
) {
  yield* Trees.gone(victims, milliseconds)
  const last = victims.map(Trees.beats)
  yield* Effect.forEach(others, Sandboxed.runsOn, { concurrency: "unbounded", discard: true })
  assert.deepStrictEqual(victims.map(Trees.beats), last)
  yield* Trees.gone(victims, 0)
})

describe.skipIf(!HAS_BUBBLEWRAP)("sandboxed", () => {
  layer(Layer.effect(Server, startServer()), { excludeTestServices: true, timeout: 30_000 })(
    "a tree of processes",
    (it) => {
      for (const io of ["pipes", "a terminal"] as const) {
        it.effect.prop(
          `on ${io} ends when its command is terminated, at once, and no other tree does`,
          { tree: Sandboxed.Tree },
          ({ tree }) =>
            Effect.gen(function* () {
              const nodes = Sandboxed.treeOf(tree)
              const client = yield* join(yield* Server)
              const other = yield* grow(client, nodes, io)
              const victim = yield* grow(client, nodes, io)
              const start = performance.now()
              const { result } = yield* client.request("command/exec/terminate", { processId: victim.name })
              assert.isBelow(performance.now() - start, TERMINATE_ANSWER_MS)
              assert.deepStrictEqual(result, {})
              yield* onlyTheseEnd(COMMAND_GONE_MS, [victim], [other])
              const { exitCode } = (yield* client.response(victim.name)).result
              assert.strictEqual(exitCode, io === "pipes" ? 137 : 1)
            }),
          OPTIONS
        )

        it.effect.prop(
          `on ${io} ends when its command's time is over`,
          { tree: Sandboxed.Tree },
          ({ tree }) =>
            Effect.gen(function* () {
              const nodes = Sandboxed.treeOf(tree)
              const client = yield* join(yield* Server)
              const timeoutMs = 800 + 40 * nodes.length
              const victim = yield* grow(client, nodes, io, { timeoutMs })
              yield* onlyTheseEnd(timeoutMs + COMMAND_GONE_MS, [victim], [])
              assert.strictEqual((yield* client.response(victim.name)).result.exitCode, 124)
            }),
          OPTIONS
        )

        it.effect.prop(
          `on ${io} ends when its command exits, those that left the session included`,
          { tree: Sandboxed.Tree },
          ({ tree }) =>
            Effect.gen(function* () {
              const [leader, ...below] = Sandboxed.treeOf(tree)
              const client = yield* join(yield* Server)
              const grown = yield* grow(client, [{ ...leader!, stopped: false }, ...below], io)
              fs.writeFileSync(`${grown.dir}/0.exit`, "")
              const { result } = yield* client.response(grown.name)
              // nobody is left to hold the streams, so the drain time is not waited for
              assert.deepInclude(result, { exitCode: 0, drainTimedOut: false })
              yield* onlyTheseEnd(COMMAND_GONE_MS, [grown], [])
            }),
          OPTIONS
        )
      }

      it.effect.prop(
        "ends when its connection vanishes, on pipes and on a terminal, and no other connection's does",
        { tree: Sandboxed.Tree },
        ({ tree }) =>
          Effect.gen(function* () {
            const nodes = Sandboxed.treeOf(tree)
            const server = yield* Server
            const other = yield* grow(yield* join(server), nodes, "pipes")
            const client = yield* join(server)
            const victims = [yield* grow(client, nodes, "pipes"), yield* grow(client, nodes, "a terminal")]
            client.webSocket.terminate()
            yield* onlyTheseEnd(SERVER_GONE_MS, victims, [other])
          }),
        OPTIONS
      )

      it.effect.prop(
        "ends when its server is killed with SIGKILL, even if it was just coming up",
        {
          trees: Schema.Array(Sandboxed.Tree).check(Schema.isMinLength(2), Schema.isMaxLength(4)),
          /** How many processes of a hundred have come up by then. */
          moment: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100 }))
        },
        ({ moment, trees }) =>
          Effect.gen(function* () {
            const other = yield* grow(yield* join(yield* Server), [Trees.node({})], "pipes")
            const server = yield* startServer()
            // the first confined command waits for the check
            const client = yield* join(server)
            const policy = { type: "readOnly" }
            yield* client.request("command/exec", { command: ["true"], sandboxPolicy: policy }, CHECK_MS)
            const sown = yield* Effect.forEach(trees, (tree, n) =>
              sow(client, Sandboxed.treeOf(tree), n % 2 === 1 ? "a terminal" : "pipes")
            )
            const enough = Math.floor((sown.flatMap(({ tree }) => tree).length * moment) / 100)
            for (const { send } of sown) yield* send
            yield* until(`${enough} processes`, 30_000, () =>
              sown.reduce((sum, planted) => sum + Trees.arrived(planted), 0) >= enough ? true : undefined
            )
            const children = Trees.childrenOf(server.pid)
            yield* server.signal("SIGKILL")
            assert.strictEqual(yield* server.exited, "SIGKILL")
            yield* Trees.gone(sown, SERVER_GONE_MS)
            yield* until("the end of the server's children", SERVER_GONE_MS, () =>
              children.every((pid) => ["Z", "X", undefined].includes(Trees.statOf(pid)?.[0]))
                ? true
                : undefined
            )
            yield* onlyTheseEnd(0, sown, [other])
          }),
        Trees.options(KILL_ROUNDS)
      )
    }
  )

  it.live("commands have no descriptors but 0, 1 and 2, and share none with another command", () =>
    Effect.gen(function* () {
      const server = yield* startServer()
      const clients = yield* Effect.forEach([1, 2], () => join(server))
      const kinds = [
        { tty: true },
        { streamStdoutStderr: true },
        { tty: true, sandboxPolicy: { type: "readOnly" } },
        { streamStdin: true, streamStdoutStderr: true, sandboxPolicy: { type: "readOnly" } },
        { sandboxPolicy: Sandboxed.writable() }
      ]
      const started = yield* Effect.forEach(
        clients.flatMap((client) => kinds.map((params) => ({ client, params }))),
        ({ client, params }, n) =>
          Effect.gen(function* () {
            const seconds = `64${process.pid}.${n}`
            yield* client.send({
              id: seconds,
              method: "command/exec",
              params: { command: ["sleep", seconds], processId: seconds, disableTimeout: true, ...params }
            })
            const pid = yield* until(`sleep ${seconds}`, CHECK_MS, () => sleeping(seconds)[0])
            return { params, open: linksOf(pid) }
          }),
        { concurrency: "unbounded" }
      )
      for (const { open, params } of started) {
        const more = [...open].filter(
          ([fd, target]) =>
            Number(fd) > 2 && (HAS_NATIVE || (target !== "/dev/null" && !INHERITED.has(target)))
        )
        assert.deepStrictEqual(more, [], JSON.stringify({ params, open: [...open] }))
      }
      const own = started.flatMap(({ open }) =>
        [...new Set([0, 1, 2].map((fd) => open.get(`${fd}`)))].filter((target) => target !== "/dev/null")
      )
      assert.strictEqual(new Set(own).size, own.length, "each pipe and terminal has one owner")
    })
  )

  it.live(
    "commands find the protected directories of a workspace protected until the last of them ends, on any server",
    () =>
      Effect.gen(function* () {
        const workspace = yield* temporaryDirectory
        const exists = (name: string) => fs.existsSync(path.join(workspace, name)) || undefined
        const start = Effect.fnUntraced(function* (script: string) {
          const client = yield* join(yield* startServer())
          yield* client.send({
            id: "command",
            method: "command/exec",
            params: {
              command: ["sh", "-c", `cd ${workspace}; ${script}`],
              processId: "command",
              disableTimeout: true,
              sandboxPolicy: Sandboxed.writable(workspace)
            }
          })
          return client
        })
        const first = yield* start("echo >first; sleep 600")
        yield* until("the first command", CHECK_MS, () => exists("first"))
        const second = yield* start(
          "echo >second; until [ -e go ]; do sleep 0.02; done; mkdir -p .git/hooks && echo escaped"
        )
        yield* until("the second command", CHECK_MS, () => exists("second"))
        yield* first.request("command/exec/terminate", { processId: "command" })
        yield* first.response("command")
        fs.writeFileSync(path.join(workspace, "go"), "")
        const { result } = yield* second.response("command")
        assert.deepInclude(result, { exitCode: 1, stdout: "" })
        assert.isUndefined(exists(".git/hooks"))
      })
  )

  describe("commands that cannot be confined", () => {
    /** A server whose `bwrap` is this shell script, or is not there. */
    const without = (script: string | undefined) =>
      Effect.gen(function* () {
        const bin = yield* temporaryDirectory
        for (const directory of process.env["PATH"]!.split(":").filter((at) => hasBubblewrap(at))) {
          for (const name of fs.readdirSync(directory)) {
            const link = path.join(bin, name)
            if (name !== "bwrap" && !fs.existsSync(link)) fs.symlinkSync(path.join(directory, name), link)
          }
        }
        if (script !== undefined)
          fs.writeFileSync(path.join(bin, "bwrap"), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
        const others = process.env["PATH"]!.split(":").filter((at) => !hasBubblewrap(at))
        return yield* conversation({ env: { PATH: [bin, ...others].join(":") } })
      })

    for (const [what, script, message] of [
      [
        "bubblewrap is not there",
        undefined,
        /bubblewrap: bwrap is not in PATH; install it \(apt-get install bubblewrap/
      ],
      [
        "it may not make namespaces",
        '[ "$1" = --version ] && echo bubblewrap 0.8.0 && exit 0\necho "bwrap: No permissions to create new namespace, likely because the kernel does not allow it" >&2\nexit 1',
        /namespaces: bwrap: No permissions to create new namespace/
      ],
      ["it does nothing and says that all is well", "exit 0", /commands that can only read: /],
      ["it runs what it should confine", runsUnconfined(), /commands that can only read: /],
      ["it hangs", "exec sleep 600", /did not end within 5 seconds/],
      [
        "it hangs when it is to confine",
        '[ "$1" = --version ] && echo bubblewrap 0.8.0 && exit 0\nexec sleep 600',
        /did not end within 5 seconds/
      ]
    ] as const) {
      it.live(
        `because ${what} are refused, while the server serves`,
        () =>
          Effect.gen(function* () {
            const { client, server } = yield* without(script)
            const ran = path.join(server.cwd, "ran")
            const command = ["sh", "-c", `echo ran >${ran}`]
            const confined = [
              { command, sandboxPolicy: { type: "readOnly" } },
              { command, sandboxPolicy: { type: "readOnly" }, tty: true },
              { command, sandboxPolicy: { type: "workspaceWrite" } },
              { command, sandboxPolicy: { type: "workspaceWrite" }, tty: true }
            ]
            const start = performance.now()
            for (const [n, params] of confined.entries())
              yield* client.send({ id: n, method: "command/exec", params: { ...params, processId: `${n}` } })
            // meanwhile
            const ready = yield* Effect.promise(() => fetch(`${server.url.replace("ws", "http")}/readyz`))
            assert.strictEqual(ready.status, 200)
            const { result } = yield* client.request("command/exec", { command: ["echo", "free"] })
            assert.deepInclude(result, { exitCode: 0, stdout: "free\n" })
            assert.isBelow(performance.now() - start, 2000)
            for (const [n] of confined.entries()) {
              const { error } = yield* client.response(n, CHECK_MS)
              assert.strictEqual(error?.code, -32603)
              assert.match(error!.message, /^sandbox unavailable: /)
              assert.match(error!.message, message)
            }
            assert.isBelow(performance.now() - start, 7000)
            // from now on at once
            const again = performance.now()
            const { error } = yield* client.request("command/exec", confined[0])
            assert.match(error!.message, message)
            assert.isBelow(performance.now() - again, 250)
            assert.isFalse(fs.existsSync(ran))
            assert.match(server.stderr(), /no sandbox: /)
          }),
        20_000
      )
    }
  })
})

/** A `bwrap` that runs the command without a sandbox and does not report it. */
function runsUnconfined(): string {
  return '[ "$1" = --version ] && echo bubblewrap 0.8.0 && exit 0\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"'
}

const hasBubblewrap = (directory: string) => fs.existsSync(path.join(directory, "bwrap"))

/** Who runs `sleep` for so long and sleeps: before, it opens libraries. */
const sleeping = (seconds: string): ReadonlyArray<number> =>
  Trees.pids().filter(
    (pid) => Trees.argumentsOf(pid).join(" ").trim() === `sleep ${seconds}` && Trees.statOf(pid)?.[0] === "S"
  )

const linksOf = (pid: number | "self"): ReadonlyMap<string, string> =>
  new Map(
    fs.readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [[fd, fs.readlinkSync(`/proc/${pid}/fd/${fd}`)] as const]
      } catch {
        return [] // the one for reading the directory
      }
    })
  )
/** What whoever started these tests left open. */
const INHERITED = new Set(linksOf("self").values())
