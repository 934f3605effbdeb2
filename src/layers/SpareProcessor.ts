/**
 * Whether the machine has a processor to spare, as Linux tells: it counts how long a thread that could run has to wait.
 *
 * For a server with a busy client on two processors that is 1 to 5 % of the time that it runs, 30 % while both are
 * compiled; 70 % and more as soon as anything else keeps one of them busy (measured).
 */
import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** Nanoseconds that this thread ran, and that it waited; how often does not matter here. */
const SCHEDSTAT = "/proc/thread-self/schedstat"
/** Three numbers of 64 bits have no more digits. */
const SCHEDSTAT_BYTES = 64
/** Of the time that it runs, how much it may wait. */
const MAX_WAIT = 0.5
/** Milliseconds between two looks, of 3 µs each, while there is one to spare. */
const LOOK_MS = 20
/** Milliseconds that are looked at before there is one. */
const QUIET_MS = 100

/** Of one thread, since it began. The unit does not matter. */
export interface ThreadTimes {
  readonly ran: number
  readonly waited: number
}

const UNTOLD: ThreadTimes = { ran: 0, waited: 0 }

const open = (): number | undefined => {
  try {
    return fs.openSync(SCHEDSTAT, "r")
  } catch {
    return undefined
  }
}

const read = (file: number): ThreadTimes => {
  const bytes = Buffer.alloc(SCHEDSTAT_BYTES)
  const length = fs.readSync(file, bytes, 0, SCHEDSTAT_BYTES, 0)
  const [ran, waited] = bytes.toString("latin1", 0, length).split(" ")
  return { ran: Number(ran), waited: Number(waited) }
}

export class SpareProcessor {
  readonly #times: () => ThreadTimes
  #then: ThreadTimes
  #lookedAt = performance.now()
  #there = false

  /** @param times of the thread that asks */
  constructor(times: () => ThreadTimes) {
    this.#times = times
    this.#then = times()
  }

  /** Cheap enough to ask with each request. Not known at first, and false then. */
  isThere(now: number): boolean {
    if (now - this.#lookedAt < (this.#there ? LOOK_MS : QUIET_MS)) return this.#there
    const times = this.#times()
    this.#there = times.waited - this.#then.waited < MAX_WAIT * (times.ran - this.#then.ran)
    this.#then = times
    this.#lookedAt = now
    return this.#there
  }

  /** For the thread that this runs in. Where the system does not tell there is none. */
  static readonly make: Effect.Effect<SpareProcessor, never, Scope.Scope> = Effect.map(
    Effect.acquireRelease(Effect.sync(open), (file) =>
      Effect.sync(() => file !== undefined && fs.closeSync(file))
    ),
    (file) => new SpareProcessor(file === undefined ? () => UNTOLD : () => read(file))
  )
}
