/** A server that is killed takes everything along that it started, at whatever moment, and nothing else. */
import { assert, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { HAS_NATIVE, connect, startServer, until, type TestServer } from "../support/harness.ts"
import * as Trees from "../support/trees.ts"

const ROUNDS = Number(process.env["KILL_ROUNDS"] ?? 5)
const GONE_MS = 2000

/** Started as soon as it is there: the server may be killed before it has come up, or even been read. */
const sow = Effect.fnUntraced(function* (server: TestServer, tree: Trees.Tree, tty: boolean) {
  const client = yield* connect(server.url)
  yield* client.initialize()
  const planted = yield* Trees.plant(tree)
  const send = client.send({
    id: 1,
    method: "command/exec",
    params: {
      command: planted.command,
      processId: "tree",
      disableTimeout: true,
      tty,
      streamStdoutStderr: true
    }
  })
  return { planted, send }
})

const isAlive = (pid: number) => !["Z", "X", undefined].includes(Trees.statOf(pid)?.[0])

/** Another server with a tree on it, which must not notice. */
class Bystander extends Context.Service<Bystander, Trees.Planted>()("test/Bystander") {}
const bystander = Effect.gen(function* () {
  const tree = [{}, { setsid: true, orphan: true, emptyEnvironment: HAS_NATIVE }, { nohup: true }].map(
    Trees.node
  )
  const { planted, send } = yield* sow(yield* startServer(), tree, false)
  yield* send
  yield* Trees.awaitUp(planted)
  return planted
})

layer(Layer.effect(Bystander, bystander), { excludeTestServices: true, timeout: 30_000 })(
  "a server that is killed with SIGKILL",
  (it) => {
    it.effect.prop(
      "leaves nothing of what its clients started, even if it was just coming up",
      {
        trees: Schema.Array(Trees.Tree).check(Schema.isMinLength(2), Schema.isMaxLength(4)),
        /** How many processes of a hundred have come up by then. */
        moment: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100 }))
      },
      ({ moment, trees }) =>
        Effect.gen(function* () {
          const server = yield* startServer()
          const sown = yield* Effect.forEach(trees, (tree, n) => sow(server, tree, n % 2 === 1))
          const all = sown.map(({ planted }) => planted)
          const enough = Math.floor((trees.flat().length * moment) / 100)
          for (const { send } of sown) yield* send
          yield* until(`${enough} processes`, 30_000, () =>
            all.reduce((sum, planted) => sum + Trees.arrived(planted), 0) >= enough ? true : undefined
          )
          // among them helpers of the server's own
          const children = Trees.childrenOf(server.pid)
          yield* server.signal("SIGKILL")
          assert.strictEqual(yield* server.exited, "SIGKILL")
          yield* Trees.gone(all, GONE_MS)
          yield* until("the end of the server's children", GONE_MS, () =>
            children.every((pid) => !isAlive(pid)) ? true : undefined
          )
          // what still came up, or beats without being seen, would show meanwhile
          const last = all.map(Trees.beats)
          yield* Trees.runsOn(yield* Bystander)
          yield* Trees.gone(all, 0)
          assert.deepStrictEqual(all.map(Trees.beats), last)
        }),
      Trees.options(ROUNDS)
    )
  }
)
