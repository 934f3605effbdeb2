/**
 * Keeps a sandbox waiting for the next command without writable roots and without stdin: namespaces, mounts and
 * filter are there already. Who finds none takes the ordinary way.
 */
import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { ProcessSpawner, type Spare } from "../services/ProcessSpawner.ts"
import * as Resource from "../services/Resource.ts"
import { environment, type Confinable, type Sandbox } from "../services/Sandbox.ts"
import type { SandboxRules } from "../services/SandboxRules.ts"
import { statusFile } from "./Bubblewrap.ts"
import * as SpareScript from "./SpareScript.ts"
import * as UnlinkedFile from "./UnlinkedFile.ts"

/** Milliseconds until a spare that nobody asked for is ended. */
const IDLE_MS = 30_000

interface Started {
  readonly spare: Spare
  /** Whether it has shown that it waits. */
  readonly isReady: () => boolean
}

interface Waiting extends Started {
  /** What was mounted before it was started. */
  readonly mounts: Buffer
  /** What it lives in. */
  readonly scope: Scope.Closeable
}

const readMounts = () => fs.readFileSync("/proc/self/mountinfo")

const end = ({ scope }: Waiting) => Scope.close(scope, Exit.void)

/** The place of one spare. */
class Shelf {
  readonly #start: Effect.Effect<Started, unknown, Scope.Scope>
  readonly #idleMs: number
  #waiting: Waiting | undefined
  /** Whether one has been ready: before, none is relied upon. */
  #proved = false
  #idle: NodeJS.Timeout | undefined
  /** No more are started. */
  #closed = false

  constructor(start: Effect.Effect<Started, unknown, Scope.Scope>, idleMs: number) {
    this.#start = start
    this.#idleMs = idleMs
  }

  /**
   * The spare, if it can be used. Another one is started once the caller has gone on; but nothing waits for a second
   * command where only one comes.
   */
  readonly take = Effect.sync((): Waiting | undefined => {
    const mounts = readMounts()
    if (this.#idle) setImmediate(() => this.#fill(mounts))
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => this.#clear(), this.#idleMs).unref()
    const waiting = this.#waiting
    if (waiting === undefined) return undefined
    const alive = waiting.spare.isWaiting()
    this.#proved ||= waiting.isReady()
    if (alive && !this.#proved) return undefined
    this.#waiting = undefined
    // a mount that came later would be there, and not read-only
    if (alive && waiting.mounts.equals(mounts)) return waiting
    // not one after the other, where each ends by itself
    if (!alive) this.#closed = true
    Effect.runFork(end(waiting))
    return undefined
  })

  /** Ends one that was used; one that was not is kept for the next. */
  readonly giveBack = (taken: Waiting | undefined): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (taken === undefined) return Effect.void
      const keep = taken.spare.isWaiting() && this.#waiting === undefined && !this.#closed
      if (!keep) return end(taken)
      this.#waiting = taken
      return Effect.void
    })

  readonly close = Effect.suspend(() => {
    this.#closed = true
    clearTimeout(this.#idle)
    return this.#waiting ? end(this.#waiting) : Effect.void
  })

  #clear(): void {
    this.#idle = undefined
    if (this.#waiting) Effect.runFork(end(this.#waiting))
    this.#waiting = undefined
  }

  #fill(mounts: Buffer): void {
    if (this.#closed || this.#waiting) return
    const scope = Scope.makeUnsafe()
    const started = Effect.runSyncExit(Scope.provide(this.#start, scope))
    // what is missing, such as descriptors, the next command says better
    if (Exit.isSuccess(started)) this.#waiting = { ...started.value, mounts, scope }
    else Effect.runFork(Scope.close(scope, started))
  }
}

/** What a spare would have to run, and the environment of that, if the command is one for a spare. */
const scriptOf = (rules: SandboxRules, { argv, cwd, env: wanted, io }: Confinable) => {
  if (rules._tag === "Unconfined" || rules.writableRoots.length > 0) return undefined
  if ("rows" in io || io.stdin) return undefined
  const env = environment(rules, wanted)
  const script = SpareScript.make({ argv, cwd, env })
  return script && { env, script }
}

/**
 * The sandbox with spares, which are started behind commands that could use one, and end with the Scope at the latest.
 *
 * @param dash where dash is, if it is
 */
export const make = (
  sandbox: Sandbox["Service"],
  dash: string | undefined,
  idleMs: number = IDLE_MS
): Effect.Effect<Sandbox["Service"], never, ProcessSpawner | Scope.Scope> =>
  Effect.gen(function* () {
    const spawner = yield* ProcessSpawner
    if (spawner.spawnSpare === undefined || dash === undefined) return sandbox
    const spawnSpare = yield* spawner.spawnSpare
    if (spawnSpare === undefined) return sandbox
    const argv = SpareScript.argv(dash)

    const start = Effect.fnUntraced(function* (network: boolean) {
      const rules: SandboxRules = { _tag: "Confined", policy: "spare", writableRoots: [], network }
      const { launcher } = yield* sandbox.confine(rules, { argv, cwd: "/", env: {}, io: { stdin: false } })
      const report = statusFile(launcher!)
      const said = () => UnlinkedFile.text(report, 0)
      const spare = yield* spawnSpare(argv, {
        ...launcher!,
        descriptors: [...launcher!.descriptors, report],
        started: () => launcher!.started() && SpareScript.hasBegun(said())
      })
      return { spare, isReady: () => SpareScript.isReady(said()) }
    })
    const shelf = (network: boolean) =>
      Effect.acquireRelease(
        Effect.sync(() => new Shelf(start(network), idleMs)),
        ({ close }) => close
      )
    const [isolated, networked] = [yield* shelf(false), yield* shelf(true)]

    return {
      confine: (rules, command) => {
        const scripted = scriptOf(rules, command)
        if (scripted === undefined) return sandbox.confine(rules, command)
        const { env, script } = scripted
        const { giveBack, take } = rules.network ? networked : isolated
        return Effect.flatMap(Resource.acquire(take, giveBack), (taken) =>
          taken === undefined
            ? sandbox.confine(rules, command)
            : Effect.succeed({ env, spare: (output) => taken.spare.run(script, output) })
        )
      }
    }
  })
