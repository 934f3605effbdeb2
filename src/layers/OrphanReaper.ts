/**
 * Takes the exit status of adopted orphans. As their new parent this process would otherwise keep each as a zombie;
 * what it started itself is reaped by libuv and by node-pty, whose business it must not touch.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Native } from "./Native.ts"
import { childrenOf } from "./ProcessTables.ts"

/** Milliseconds between SIGCHLD and the look: many children that end at once cost one. */
const DELAY_MS = 50

/** Reaps as long as the Scope lives, and leaves alone what `isOwn` says was started here. */
export const run = (
  native: Native,
  isOwn: (pid: number) => boolean
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.asVoid(
    Effect.acquireRelease(
      Effect.sync(() => {
        let timer: NodeJS.Timeout | undefined
        const look = () => {
          timer = undefined
          for (const pid of childrenOf(process.pid)) if (!isOwn(pid)) native.reap(pid)
        }
        const onChild = () => {
          timer ??= setTimeout(look, DELAY_MS)
        }
        process.on("SIGCHLD", onChild)
        return () => {
          process.off("SIGCHLD", onChild)
          clearTimeout(timer)
        }
      }),
      (stop) => Effect.sync(stop)
    )
  )
