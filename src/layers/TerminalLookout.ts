/**
 * When to look for more of a terminal's output before a chunk of it is sent.
 *
 * The kernel brings 4 KiB at a time, by a worker of its own. On a busy machine a wait for that is short, and makes
 * chunks large. On an idle one it is a wait for a processor that has fallen asleep meanwhile: then it is quicker to
 * stay awake and to look again.
 */
import type { Native } from "./Native.ts"
import type { Lookout } from "./Pty.ts"

/** Looks: some 5 µs; with pauses between them some 60, after which a flood is over. */
const LOOKS = 10
/** A chunk of so many bytes is worth sending while the kernel brings the next. */
const GOOD_CHUNK_BYTES = 16 * 1024
/** Milliseconds; a longer wait was not for the kernel's work but for a processor that slept. */
const LONG_WAIT_MS = 0.03
/** How many chunks are read without a wait after a long one: then waits may be short again. */
const CHUNKS_WITHOUT_WAIT = 16
/** Who stays awake makes larger chunks: each costs a moment in which nothing is fetched from the kernel. */
const GOOD_AWAKE_CHUNK_BYTES = 32 * 1024
/** Milliseconds that it pauses between two looks. Each takes a lock that keeps the kernel from bringing more. */
const AWAKE_PAUSE_MS = 0.006
/** Milliseconds after a key in which no processor is kept awake: on a small machine its echo needs that one, too. */
const TYPING_MS = 1000

/** The calls that it takes. */
export interface LookoutCalls {
  readonly poll: Native["poll"]
  readonly terminal: Pick<Native["terminal"], "isReadable">
}

/** For all terminals of a server. */
export class TerminalLookout {
  readonly #native: LookoutCalls
  #typed = -Infinity

  constructor(native: LookoutCalls) {
    this.#native = native
  }

  /** For one of them. */
  for(master: number): Lookout {
    let withoutWait = 0
    const hasMore = (length: number) => {
      if (withoutWait > 0 && performance.now() - this.#typed > TYPING_MS) {
        const good = length >= GOOD_AWAKE_CHUNK_BYTES
        if (!good && this.#look(master, AWAKE_PAUSE_MS)) return true
        withoutWait = good ? withoutWait - 1 : 0
        return false
      }
      if (this.#look(master, 0)) return true
      if (length >= GOOD_CHUNK_BYTES) return false
      if (withoutWait > 0) {
        withoutWait--
        return false
      }
      const start = performance.now()
      const arrived = this.#native.poll([master])[0] !== 0 // a poll of a terminal waits for what is on its way
      if (performance.now() - start > LONG_WAIT_MS) withoutWait = CHUNKS_WITHOUT_WAIT
      return arrived
    }
    const typed = () => {
      this.#typed = performance.now() // whichever it is
    }
    return { hasMore, typed }
  }

  #look(master: number, pauseMs: number): boolean {
    for (let left = LOOKS; !this.#native.terminal.isReadable(master);) {
      if (--left === 0) return false
      for (const end = performance.now() + pauseMs; performance.now() < end;);
    }
    return true
  }
}
