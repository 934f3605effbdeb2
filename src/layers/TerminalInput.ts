/**
 * What is typed into a terminal: a queue in front of a descriptor that does not block. A full terminal is tried
 * again after a moment, so that a program which does not read costs neither a thread nor a busy loop.
 */
import * as fs from "node:fs"

/** Milliseconds until a full terminal is tried again: unnoticeable to a typist, nothing to a processor. */
const RETRY_MS = 2

export class TerminalInput {
  readonly #fd: number
  readonly #queue: Array<{ readonly bytes: Uint8Array; readonly done: (taken: boolean) => void }> = []
  #offset = 0
  #retry: NodeJS.Timeout | undefined
  /** Nothing is taken any more. */
  closed = false
  /** Bytes that the terminal has not taken. */
  pending = 0

  constructor(fd: number) {
    this.#fd = fd
  }

  /** Queues bytes; `done` tells whether the terminal took them. */
  write(bytes: Uint8Array, done: (taken: boolean) => void): void {
    if (this.closed) return done(false)
    this.#queue.push({ bytes, done })
    this.pending += bytes.length
    if (this.#queue.length === 1) this.#flush()
  }

  /** Drops what is queued; the descriptor is not touched any more. */
  close(): void {
    this.closed = true
    clearTimeout(this.#retry)
    this.pending = 0
    for (const { done } of this.#queue.splice(0)) done(false)
  }

  #flush(): void {
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) {
      try {
        const written = fs.writeSync(this.#fd, head.bytes, this.#offset)
        this.#offset += written
        this.pending -= written
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return this.close()
        this.#retry = setTimeout(() => this.#flush(), RETRY_MS)
        return
      }
      if (this.#offset === head.bytes.length) {
        this.#offset = 0
        this.#queue.shift()
        head.done(true)
      }
    }
  }
}
