/**
 * The pipes of young commands, which Node does not watch. To have two pipes watched costs a fifth of all that the
 * server does for a short command, and most are over before anything has to be read. So these are looked at now and
 * then; where there is output, or where a command is not that short, Node takes over.
 */
import { READABLE, type Native } from "./Native.ts"

/** Milliseconds between looks: so long may a command wait, once, that fills a pipe. */
const LOOK_MS = 4
/** Milliseconds after which Node watches a command's pipes in any case: it costs a tenth of one, once. */
const YOUNG_MS = 50

export interface Young {
  readonly fds: ReadonlyArray<number>
  /** Has them watched, and takes itself away from here. */
  readonly watch: () => void
}

export class YoungPipes {
  readonly poll: Native["poll"]
  /** And since when, in milliseconds. */
  readonly #young = new Map<Young, number>()
  #timer: NodeJS.Timeout | undefined

  constructor(poll: Native["poll"]) {
    this.poll = poll
  }

  add(young: Young): void {
    this.#young.set(young, performance.now())
    this.#timer ??= setTimeout(this.#look, LOOK_MS)
  }

  delete(young: Young): void {
    this.#young.delete(young)
  }

  /** No look follows. */
  close(): void {
    clearTimeout(this.#timer)
  }

  readonly #look = (): void => {
    this.#timer = undefined
    if (this.#young.size === 0) return
    const born = performance.now() - YOUNG_MS
    const all = Array.from(this.#young)
    const states = this.poll(all.flatMap(([{ fds }]) => fds))
    let first = 0
    for (const [young, since] of all) {
      const end = first + young.fds.length
      if (since < born || states.slice(first, end).some((state) => state & READABLE)) young.watch()
      first = end
    }
    if (this.#young.size > 0) this.#timer = setTimeout(this.#look, LOOK_MS)
  }
}
