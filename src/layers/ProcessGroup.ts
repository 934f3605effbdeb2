/** The process group that a command leads: how it ends. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { ExitStatus } from "../services/ProcessSpawner.ts"

/** SIGKILL takes effect within a millisecond or so, unless the kernel holds a process in uninterruptible sleep. */
const REAP_TIME = "1 second"

/** SIGKILL to all of a group; an empty one is fine. */
export const kill = (pgid: number): Effect.Effect<void> =>
  Effect.sync(() => {
    try {
      process.kill(-pgid, "SIGKILL")
    } catch {
      // nobody left, or nobody that we may kill
    }
  })

/** Ends a group whose leader may still run, and waits until the leader is reaped. */
export const end = (pgid: number, exit: Deferred.Deferred<ExitStatus>): Effect.Effect<void> =>
  Effect.suspend(() =>
    // once the leader is reaped its number may be another's: the service has killed the rest by then
    Deferred.isDoneUnsafe(exit)
      ? Effect.void
      : Effect.andThen(kill(pgid), Effect.timeoutOption(Deferred.await(exit), REAP_TIME))
  )
