/**
 * Ends everything that somebody owns: finds the processes, stops them so that they start no more, kills them, and
 * looks again until there are none. Sweeps that run at the same time share their looks at the process table, so
 * many commands that end at once cost little more than one.
 */
import * as Effect from "effect/Effect"

/** A live process; a zombie is none. */
export interface ProcessEntry {
  readonly pid: number
  /** Whose it is; what it begins with names the owner, all of it the command. */
  readonly mark: string
}

/** The operating system's side. */
export interface ProcessTable {
  /** All live processes of this server's commands, wherever they moved to. */
  readonly list: () => ReadonlyArray<ProcessEntry>
  /** Nothing happens if it is gone already. */
  readonly signal: (pid: number, signal: "SIGSTOP" | "SIGKILL") => void
}

export interface ProcessSweeper {
  /**
   * Ends all processes whose mark begins with `prefix`; gives how many there were. Bounded: what is still there
   * after 100 looks, half a second or so, is in uninterruptible sleep or not ours to kill.
   */
  readonly end: (prefix: string) => Effect.Effect<number>
}

/** Looks after which a sweep gives up. */
const MAX_LOOKS = 100
/** Between two looks: what was killed needs about a millisecond to be gone. */
const PAUSE = "5 millis"
/** How often new processes are looked for while the known ones are being stopped. */
const MAX_FREEZES = 10

interface Sweep {
  readonly prefix: string
  readonly ended: Set<number>
  looks: number
  readonly done: (ended: number) => void
}

export const make = (table: ProcessTable): Effect.Effect<ProcessSweeper> =>
  Effect.map(Effect.context<never>(), (context) => {
    const sweeps = new Set<Sweep>()

    /** Lets go of the sweeps that have nothing left to do. */
    const settle = (entries: ReadonlyArray<ProcessEntry>) => {
      for (const sweep of sweeps) {
        const left = entries.some((entry) => entry.mark.startsWith(sweep.prefix))
        if (left && sweep.looks++ < MAX_LOOKS) continue
        sweeps.delete(sweep)
        sweep.done(sweep.ended.size)
      }
    }

    /** Stops what the sweeps are after, and what that has started meanwhile. */
    const freeze = (entries: ReadonlyArray<ProcessEntry>): ReadonlySet<number> => {
      const frozen = new Set<number>()
      for (let i = 0; i < MAX_FREEZES; i++) {
        const before = frozen.size
        for (const { mark, pid } of entries) {
          for (const { ended, prefix } of sweeps) {
            if (!mark.startsWith(prefix)) continue
            ended.add(pid)
            if (!frozen.has(pid)) table.signal(pid, "SIGSTOP")
            frozen.add(pid)
          }
        }
        if (frozen.size === before) break
        entries = table.list()
      }
      return frozen
    }

    const look = () => {
      const entries = table.list()
      settle(entries)
      if (sweeps.size > 0) for (const pid of freeze(entries)) table.signal(pid, "SIGKILL")
    }
    let looking = false
    const keepLooking = Effect.whileLoop({
      while: () => (looking = sweeps.size > 0),
      body: () => Effect.andThen(Effect.sleep(PAUSE), Effect.sync(look)),
      step: () => {}
    })
    const run = Effect.runForkWith(context)

    return {
      end: (prefix) =>
        Effect.callback((resume) => {
          const sweep: Sweep = { prefix, ended: new Set(), looks: 0, done: (n) => resume(Effect.succeed(n)) }
          sweeps.add(sweep)
          // at once, so that what somebody else kills next is still counted
          look()
          if (!looking) run(keepLooking)
          return Effect.sync(() => sweeps.delete(sweep))
        })
    }
  })
