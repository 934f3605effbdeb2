/** Makes all attempts of the table under each policy, many in one command, and tells how they ended. */
import type { ChildProcess } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { assert } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { HAS_SPARES, conversation, until } from "../harness.ts"
import { awaitSpare } from "../sandboxed.ts"
import { statOf } from "../trees.ts"
import { ATTEMPTS, HAS_KOFFI, TERMINAL_ATTEMPTS, type Attempt } from "./attempts.ts"
import * as World from "./World.ts"

/** The policy of those that must succeed. */
export const OPEN = "no sandbox"
const POLICIES = {
  [OPEN]: { type: "dangerFullAccess" },
  readOnly: { type: "readOnly" },
  workspaceWrite: { type: "workspaceWrite" },
  "readOnly with network": { type: "readOnly", networkAccess: true },
  // behind the others of their kind, which are the first command and have none
  "readOnly in a spare": { type: "readOnly" },
  "readOnly in a spare with network": { type: "readOnly", networkAccess: true },
  "workspaceWrite with network": { type: "workspaceWrite", networkAccess: true }
} as const
type Policy = keyof typeof POLICIES
const isInSpare = (policy: Policy) => policy.includes("spare")
const TRIED = (Object.keys(POLICIES) as ReadonlyArray<Policy>).filter(
  (policy) => HAS_SPARES || !isInSpare(policy)
)
export const CONFINED = TRIED.filter((policy) => policy !== OPEN)

const INSIDE = path.resolve(import.meta.dirname, "inside.mjs")
/** For all attempts of one policy together. */
const BATCH_MS = 60_000
/** How long a killed process may take to be seen as dead, and a message to arrive. */
const ARRIVAL_MS = 2000

export interface Outcome {
  readonly succeeded: boolean
  readonly effect: boolean
  /** What it said on stderr. */
  readonly reason: string
}

/** Every attempt under every policy. */
export class Outcomes extends Context.Service<Outcomes, ReadonlyMap<string, Outcome>>()("test/Outcomes") {
  static readonly layer = Layer.effect(
    Outcomes,
    Effect.gen(function* () {
      const world = yield* World.make
      const { client, server } = yield* conversation()
      const readyz = server.url.replace("ws:", "http:").replace(/\/?$/, "/readyz")
      let signals = 0
      const count = () => void signals++
      process.on("SIGURG", count)
      yield* Effect.addFinalizer(() => Effect.sync(() => process.off("SIGURG", count)))
      const terminal = yield* openTerminal(client)

      const outcomes = new Map<string, Outcome>()
      const run = Effect.fnUntraced(function* (policy: Policy, kind: string, all: ReadonlyArray<Attempt>) {
        const shared = world.victim()
        const prepared = all
          .filter(({ call, open }) => (policy !== OPEN || open === true) && (call === undefined || HAS_KOFFI))
          .map((attempt, index) => {
            const id = `${policy}-${kind}-${index}`.replaceAll(" ", "-")
            const out = World.plant(path.join(world.directory, id))
            const workspace = path.join(server.cwd, id)
            fs.mkdirSync(workspace)
            fs.symlinkSync(out, path.join(workspace, "out"))
            const victim = attempt.effect === "victim" ? world.victim() : shared
            const env = { OUT: out, WS: workspace, MARK: `<${id}>`, VICTIM: String(victim.pid) }
            return { attempt, id, env, out, victim, before: World.snapshot(out) }
          })
        const signalsBefore = signals
        const scripts = prepared.flatMap(({ attempt: { name, script }, env, id }) => {
          if (script === undefined) return []
          const variables = Object.entries(env).map(([name, value]) => `export ${name}='${value}'`)
          return [
            `(${variables.join(";")}; cd "$WS"; ${script}\n) >/dev/null; echo "[${id} $?]"; echo "^ ${name}" >&2`
          ]
        })
        const calls = prepared.flatMap(({ attempt: { call }, env, id }) =>
          call === undefined ? [] : [[id, call, env]]
        )
        const spare =
          isInSpare(policy) && kind === "pipes"
            ? yield* awaitSpare(client, server.pid, POLICIES[policy])
            : undefined
        const answer = yield* client.request(
          "command/exec",
          {
            command: ["sh", "-c", [...scripts, `exec "$NODE" "$INSIDE" "$CALLS"`].join("\n")],
            sandboxPolicy: POLICIES[policy],
            env: {
              ...world.env,
              NODE: process.execPath,
              INSIDE,
              CALLS: JSON.stringify(calls),
              SERVER: String(server.pid),
              READYZ: readyz,
              OTHER_TERMINAL: terminal.path
            },
            timeoutMs: BATCH_MS,
            ...(kind === "terminals" ? { tty: true, processId: `${policy}` } : {})
          },
          BATCH_MS
        )
        assert.isUndefined(answer.error)
        if (spare !== undefined) assert.include([undefined, "Z"], statOf(spare)?.[0], "ran somewhere else")
        const { stderr, stdout } =
          kind === "terminals" ? { stdout: outputOf(client, policy), stderr: "" } : answer.result
        const messages = () => world.messages() + outputOf(client, terminal.name)
        for (const { attempt, before, env, id, out, victim } of prepared) {
          const code = new RegExp(`\\[${id} (\\d+)\\]`).exec(stdout as string)?.[1]
          assert.isDefined(code, `${id} did not say how it ended: ${stdout} ${stderr}`)
          const seen = () => {
            switch (attempt.effect) {
              case "victim":
                return isDead(victim)
              case "message":
                return messages().includes(env.MARK)
              case "signal":
                return signals > signalsBefore
              default:
                return World.snapshot(out) !== before
            }
          }
          const succeeded = code === "0"
          // what succeeded shows soon
          if (succeeded && attempt.effect !== undefined)
            yield* until(id, ARRIVAL_MS, () => (seen() ? true : undefined)).pipe(Effect.ignore)
          outcomes.set(`${policy}/${attempt.name}`, {
            succeeded,
            effect: seen() || (attempt.effect !== "files" && World.snapshot(out) !== before),
            reason: reasonOf(attempt, stderr as string)
          })
        }
      })
      for (const policy of TRIED) {
        yield* run(policy, "pipes", Object.values(ATTEMPTS).flat())
        if (HAS_KOFFI) yield* run(policy, "terminals", TERMINAL_ATTEMPTS)
      }
      return outcomes
    })
  )
}

const reasonOf = ({ call, name }: Attempt, stderr: string) => {
  if (call !== undefined) return stderr.split("\n").find((line) => line.startsWith(`${call}:`)) ?? ""
  return stderr
    .split(`^ ${name}\n`)[0]!
    .split(/^\^ .*\n/m)
    .at(-1)!
}

const isDead = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null

/** All that came from a command on a terminal. */
const outputOf = (client: Client, processId: string) =>
  client.inbox
    .filter(({ method, params }) => method === "command/exec/outputDelta" && params.processId === processId)
    .map(({ params }) => Buffer.from(params.deltaBase64, "base64").toString("latin1"))
    .join("")

type Client = Effect.Success<ReturnType<typeof conversation>>["client"]

/** A terminal of another command, without a sandbox. */
const openTerminal = Effect.fnUntraced(function* (client: Client) {
  const name = "other"
  yield* client.send({
    id: name,
    method: "command/exec",
    params: { command: ["sh", "-c", "tty; exec cat"], processId: name, tty: true, disableTimeout: true }
  })
  const path = yield* until("a terminal", ARRIVAL_MS, () => /\/dev\/\S+/.exec(outputOf(client, name))?.[0])
  return { name, path }
})
