/**
 * Trees of processes in a sandbox: what they write down are the pids of their own namespace, so who is there is told
 * by what /proc says outside.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { HarnessError, until, type TestClient } from "./harness.ts"
import * as Trees from "./trees.ts"

/** What one workspace may be: these directories and the server's own, without the temporary ones of this machine. */
export const writable = (...writableRoots: ReadonlyArray<string>) => ({
  type: "workspaceWrite",
  writableRoots,
  excludeSlashTmp: true,
  excludeTmpdirEnvVar: true
})

/** A tree whose processes may also clear their environment, which nothing in a sandbox depends on. */
export const Tree = Schema.Struct({
  nodes: Trees.Tree,
  emptyEnvironments: Schema.Array(Schema.Boolean)
})
export const treeOf = ({ emptyEnvironments, nodes }: typeof Tree.Type): Trees.Tree =>
  nodes.map((node, n) => ({ ...node, emptyEnvironment: emptyEnvironments[n] ?? n % 2 === 0 }))

/** The sandboxes of a server that wait for a command, and those that have got one. */
export const sparesOf = (server: number): ReadonlyArray<number> =>
  Trees.childrenOf(server).filter(
    (pid) =>
      Trees.argumentsOf(pid).at(-2)?.includes("spare: ready") === true && Trees.statOf(pid)?.[0] !== "Z"
  )

/** Runs commands under this policy until a sandbox waits for the next one, and gives its pid. */
export const awaitSpare = Effect.fnUntraced(function* (
  client: TestClient,
  server: number,
  sandboxPolicy: object
) {
  const others = new Set(sparesOf(server))
  const run = client.request("command/exec", { command: ["true"], sandboxPolicy })
  const started = until("a spare", 5000, () => sparesOf(server).find((pid) => !others.has(pid)))
  yield* run
  yield* run
  const first = yield* started
  while (sparesOf(server).includes(first)) yield* run
  return yield* started
})

/** The pid that a process has in its own namespace. */
const innerPid = (pid: number): number | undefined => {
  try {
    const status = fs.readFileSync(`/proc/${pid}/status`, "latin1")
    return Number(/^NSpid:.*\s(\d+)$/m.exec(status)?.[1])
  } catch {
    return undefined // gone since
  }
}

/** Whether each process of the tree lives, and the right ones are stopped. */
const isComplete = ({ dir, tree }: Trees.Planted): boolean => {
  const living = new Map(
    Trees.survivors(dir).map((member) => [`${member.n} ${innerPid(member.pid)}`, member])
  )
  return tree.every(({ stopped }, n) => {
    const pid = fs.readFileSync(path.join(dir, `${n}.pid`), "latin1").trim()
    return stopped === (living.get(`${n} ${pid}`)?.state === "T") && living.has(`${n} ${pid}`)
  })
}

/** As `Trees.awaitUp`. */
export const awaitUp = (planted: Trees.Planted): Effect.Effect<true, HarnessError> =>
  until(`a tree of ${planted.tree.length}`, 5000 + 100 * planted.tree.length, () =>
    Trees.arrived(planted) === planted.tree.length && isComplete(planted) ? true : undefined
  ).pipe(
    Effect.mapError((error) => new HarnessError({ message: `${error.message}; ${Trees.shown(planted)}` }))
  )

/** As `Trees.runsOn`. */
export const runsOn = (planted: Trees.Planted): Effect.Effect<true, HarnessError> =>
  Effect.suspend(() => {
    const before = Trees.beats(planted)
    return until("two more heartbeats of each", 2000 + 20 * Trees.beatMs(planted.tree), () =>
      isComplete(planted) &&
      Trees.beats(planted).every((size, n) => planted.tree[n]!.stopped || size >= before[n]! + 2)
        ? true
        : undefined
    )
  }).pipe(
    Effect.mapError(
      (error) =>
        new HarnessError({ message: `a tree must run on: ${error.message}; ${Trees.shown(planted)}` })
    )
  )
