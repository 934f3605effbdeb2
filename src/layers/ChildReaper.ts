/**
 * Takes the exit status of children that Node does not know: the processes that were started natively, whose ends
 * are told, and adopted orphans, which would stay zombies. What Node and node-pty started is theirs.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ExitStatus } from "../services/ProcessSpawner.ts"
import type { Native } from "./Native.ts"
import { childrenOf } from "./ProcessTables.ts"

/** Milliseconds between SIGCHLD and the look for orphans: many that end at once cost one. */
const DELAY_MS = 50
/** Milliseconds between looks without a signal. The timer is there to keep Node alive as long as a child runs. */
const KEEP_ALIVE_MS = 10_000

export interface ChildReaper {
  /** Tells the end of a child that was started natively, once, later. */
  readonly onExit: (pid: number, tell: (status: ExitStatus) => void) => void
}

/** Reaps as long as the Scope lives, and leaves alone what `isOwn` says was started here. */
export const run = (
  native: Native,
  isOwn: (pid: number) => boolean
): Effect.Effect<ChildReaper, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const children = new Map<number, (status: ExitStatus) => void>()
        let timer: NodeJS.Timeout | undefined
        let keepAlive: NodeJS.Timeout | undefined
        const lookForOrphans = () => {
          timer = undefined
          for (const pid of childrenOf(process.pid)) if (!isOwn(pid)) native.wait(pid)
        }
        // one signal may stand for many children; what is told may start others
        const lookForChildren = () => {
          for (const [pid, tell] of Array.from(children)) {
            const status = native.wait(pid)
            if (status === undefined) continue
            children.delete(pid)
            tell(status)
          }
          // the next command is likely to come before it fires
          if (children.size === 0) keepAlive?.unref()
        }
        const lookWithoutSignal = () => {
          lookForChildren()
          if (children.size > 0) return
          clearInterval(keepAlive)
          keepAlive = undefined
        }
        const onChild = () => {
          // first, for what is told may close the Scope, which must find the timer
          timer ??= setTimeout(lookForOrphans, DELAY_MS)
          lookForChildren()
        }
        const onExit: ChildReaper["onExit"] = (pid, tell) => {
          children.set(pid, tell)
          keepAlive ??= setInterval(lookWithoutSignal, KEEP_ALIVE_MS)
          keepAlive.ref()
        }
        process.on("SIGCHLD", onChild)
        const stop = () => {
          process.off("SIGCHLD", onChild)
          clearTimeout(timer)
          clearInterval(keepAlive)
        }
        return { onExit, stop }
      }),
      ({ stop }) => Effect.sync(stop)
    ),
    ({ onExit }) => ({ onExit })
  )
