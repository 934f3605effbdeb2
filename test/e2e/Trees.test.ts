/**
 * Whatever ends a command or a connection ends every process that came of it, and no other. The trees are random;
 * those that must live on are equal to those that must not.
 */
import * as fs from "node:fs"
import { afterAll, assert, describe, it, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { connect, startServer, until, type TestClient, type TestServer } from "../support/harness.ts"
import * as Trees from "../support/trees.ts"

/** When a terminated or timed-out command's processes are gone; of a connection or a server. */
const COMMAND_GONE_MS = 1000
const CONNECTION_GONE_MS = 2000
/** The promise is 50 ms, on a machine that does nothing else. */
const TERMINATE_ANSWER_MS = 250
/** Who lives beats at the latest by then; on a machine that does nothing else it takes a fiftieth. */
const BEAT_MS = 5000

const IO = {
  pipes: { streamStdin: true, streamStdoutStderr: true },
  "a terminal": { tty: true }
} as const
type Io = keyof typeof IO
const OTHER: Record<Io, Io> = { pipes: "a terminal", "a terminal": "pipes" }

const OPTIONS = Trees.options(Trees.TREES)

/** The longest of each wait, told at the end. */
const longest = new Map<string, number>()
const note = (what: string, milliseconds: number) =>
  longest.set(what, Math.max(longest.get(what) ?? 0, Math.round(milliseconds)))
afterAll(() => {
  for (const [what, milliseconds] of longest) console.info(`${what}: ${milliseconds} ms at most`)
})

class Server extends Context.Service<Server, TestServer>()("test/Server") {}

const join = Effect.fnUntraced(function* (server: TestServer) {
  const client = yield* connect(server.url)
  yield* client.initialize()
  return client
})

interface Grown extends Trees.Planted {
  readonly client: TestClient
  /** Names the command and its request. */
  readonly name: string
}

let trees = 0
/** Starts a tree as a command and waits until all of it is there. */
const grow = Effect.fnUntraced(function* (
  client: TestClient,
  tree: Trees.Tree,
  io: Io,
  limit: { readonly timeoutMs: number } | { readonly disableTimeout: true } = { disableTimeout: true }
) {
  const planted = yield* Trees.plant(tree)
  const name = `tree ${++trees}`
  yield* client.send({
    id: name,
    method: "command/exec",
    params: { command: planted.command, processId: name, ...IO[io], ...limit }
  })
  yield* Trees.awaitUp(planted)
  return { ...planted, client, name } satisfies Grown
})

/** All victims end in time and stay ended, while the others run on. */
const onlyTheseEnd = Effect.fnUntraced(function* (
  what: string,
  milliseconds: number,
  victims: ReadonlyArray<Grown>,
  others: ReadonlyArray<Grown>
) {
  note(`processes gone after ${what}`, yield* Trees.gone(victims, milliseconds))
  const last = victims.map(Trees.beats)
  // the others' heartbeats are the clock that shows that the victims have none
  yield* Effect.forEach(others, Trees.runsOn, { concurrency: "unbounded", discard: true })
  assert.deepStrictEqual(victims.map(Trees.beats), last)
  yield* Trees.gone(victims, 0)
})

layer(Layer.effect(Server, startServer()), { excludeTestServices: true, timeout: 30_000 })(
  "a tree of processes",
  (it) => {
    for (const io of ["pipes", "a terminal"] as const) {
      describe(`on ${io}`, () => {
        /** The victim comes last, so that its time does not run out while the others come up. */
        const beside = Effect.fnUntraced(function* (tree: Trees.Tree) {
          const server = yield* Server
          const client = yield* join(server)
          const others = [
            yield* grow(client, tree, OTHER[io]),
            yield* grow(client, tree, io),
            yield* grow(yield* join(server), tree, io)
          ]
          return { client, others }
        })

        it.effect.prop(
          "ends when its command is terminated, and no other tree does",
          { tree: Trees.Tree },
          ({ tree }) =>
            Effect.gen(function* () {
              const { client, others } = yield* beside(tree)
              const victim = yield* grow(client, tree, io)
              const start = performance.now()
              const { result } = yield* client.request("command/exec/terminate", { processId: victim.name })
              const answered = performance.now() - start
              assert.deepStrictEqual(result, {})
              note("command/exec/terminate answered", answered)
              yield* onlyTheseEnd("command/exec/terminate", COMMAND_GONE_MS, [victim], others)
              assert.isBelow(answered, TERMINATE_ANSWER_MS)
              const { exitCode } = (yield* client.response(victim.name)).result
              assert.strictEqual(exitCode, io === "pipes" ? 137 : 1)
            }),
          OPTIONS
        )

        it.effect.prop(
          "ends when its command's time is over, and no other tree does",
          { tree: Trees.Tree },
          ({ tree }) =>
            Effect.gen(function* () {
              const { client, others } = yield* beside(tree)
              const timeoutMs = 400 + 30 * tree.length
              const start = performance.now()
              const victim = yield* grow(client, tree, io, { timeoutMs })
              const left = timeoutMs - (performance.now() - start)
              assert.isAbove(left, 0, "the tree came up too late to be timed out")
              yield* onlyTheseEnd("the start of a timeout", left + COMMAND_GONE_MS, [victim], others)
              assert.strictEqual((yield* client.response(victim.name)).result.exitCode, 124)
            }),
          OPTIONS
        )

        it.effect.prop(
          "loses its group when its leader exits, and the rest when the connection ends",
          { tree: Trees.Tree },
          ({ tree: [leader, ...below] }) =>
            Effect.gen(function* () {
              const tree = [{ ...leader!, stopped: false }, ...below]
              const server = yield* Server
              const other = yield* grow(yield* join(server), tree, io)
              const client = yield* join(server)
              const grown = yield* grow(client, tree, io)
              fs.writeFileSync(`${grown.dir}/0.exit`, "")
              assert.strictEqual((yield* client.response(grown.name)).result.exitCode, 0)

              const out = Trees.outOfSession(tree)
              const expected = [...out.keys()].filter((n) => out[n])
              const living = () => new Set(Trees.survivors(grown.dir).map(({ n }) => n))
              const before = Trees.beats(grown)
              // longer than anything else that the exit sets off
              yield* Trees.runsOn(other)
              assert.deepStrictEqual([...living()].sort(byNumber), expected, Trees.shown(grown))
              // a tree may be slower than its equal: the processors are shared
              yield* until(`a heartbeat of all who left the session: ${Trees.shown(grown)}`, BEAT_MS, () => {
                const beats = Trees.beats(grown)
                return expected.every((n) => tree[n]!.stopped || beats[n]! > before[n]!) ? true : undefined
              })

              client.webSocket.close()
              yield* onlyTheseEnd("the end of a connection", CONNECTION_GONE_MS, [grown], [other])
            }),
          OPTIONS
        )
      })
    }

    for (const [what, end] of [
      ["is closed", (client: TestClient) => client.webSocket.close()],
      ["vanishes", (client: TestClient) => client.webSocket.terminate()]
    ] as const) {
      it.effect.prop(
        `ends when its connection ${what}, on pipes and on a terminal, and no other connection's does`,
        { tree: Trees.Tree },
        ({ tree }) =>
          Effect.gen(function* () {
            const server = yield* Server
            const others = [
              yield* grow(yield* join(server), tree, "pipes"),
              yield* grow(yield* join(server), tree, "a terminal")
            ]
            const client = yield* join(server)
            const victims = [yield* grow(client, tree, "pipes"), yield* grow(client, tree, "a terminal")]
            end(client)
            yield* onlyTheseEnd(`a connection that ${what}`, CONNECTION_GONE_MS, victims, others)
          }),
        OPTIONS
      )
    }

    it.effect.prop(
      "ends when its server is told to, on pipes and on a terminal, and no other server's does",
      { tree: Trees.Tree },
      ({ tree }) =>
        Effect.gen(function* () {
          const others = [yield* grow(yield* join(yield* Server), tree, "pipes")]
          const server = yield* startServer()
          const victims = [
            yield* grow(yield* join(server), tree, "pipes"),
            yield* grow(yield* join(server), tree, "a terminal")
          ]
          yield* server.signal("SIGTERM")
          yield* onlyTheseEnd("SIGTERM", CONNECTION_GONE_MS, victims, others)
          assert.strictEqual(yield* server.exited, 0)
        }),
      OPTIONS
    )
  }
)

const byNumber = (a: number, b: number) => a - b

describe("the trees of these tests", () => {
  it.live("come up completely, each process in the session that is foretold", () =>
    Effect.gen(function* () {
      const server = yield* startServer()
      const client = yield* join(server)
      // each property alone, each together with a new session, and a child below each
      const properties = Object.keys(Trees.node({})).filter((name) => name !== "parent")
      const below = [
        Trees.node({}),
        ...properties.map((name) => Trees.node({ [name]: true })),
        ...properties.map((name) => Trees.node({ [name]: true, setsid: true }))
      ]
      const tree = [Trees.node({}), ...below, ...below.map((_, n) => Trees.node({ parent: n + 1 }))]
      for (const io of ["pipes", "a terminal"] as const) {
        const { dir } = yield* grow(client, tree, io)
        const members = Trees.survivors(dir)
        // a fork for `sleep` is its parent's double until it execs
        assert.deepStrictEqual(new Set(members.map(({ n }) => n)), new Set(tree.keys()))
        const leader = members.find(({ n }) => n === 0)!.pid
        const out = Trees.outOfSession(tree)
        for (const { n, pid } of members) {
          const [, , group, session] = Trees.statOf(pid)!.map(Number)
          assert.deepStrictEqual([group === leader, session === leader], [!out[n], !out[n]], `${n}`)
        }
      }
    })
  )
})
