/**
 * What lies between a process and the reader of its output: bounded, capped for each stream, pulled.
 *
 * The spawner's callbacks push without waiting. What a taker takes at once is neither copied nor queued. Of the rest,
 * above the bound the producer is told to pause, so the pipe fills and the process waits. A stream whose cap is full
 * takes no more room: its bytes are read and thrown away.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { CommandExecOutputStream } from "../rpc/CommandExec.ts"

/** Bytes that may wait for the reader: a few chunks of 64 KiB, so that neither side idles. */
export const MAX_BUFFERED_BYTES = 256 * 1024
/** The largest chunk handed on; 64 KiB carries the most bytes per second through a WebSocket (measured). */
export const MAX_CHUNK_BYTES = 64 * 1024

export interface OutputChunk {
  readonly stream: CommandExecOutputStream
  readonly bytes: Uint8Array
  /** This stream's cap is full; nothing follows on it. */
  readonly capReached: boolean
}

/** Takes a chunk at once, or refuses it. Its bytes are lent: they change as soon as it returns. */
export type Taker = (chunk: OutputChunk) => boolean

/** The reading side of a pipe or terminal, which can be told to wait. */
export interface Producer {
  readonly pause: () => void
  readonly resume: () => void
}

type Pulled = Exit.Exit<readonly [OutputChunk, ...Array<OutputChunk>], Cause.Done>

export class OutputBuffer {
  readonly #cap: number
  readonly #kept = { stdout: 0, stderr: 0 }
  /** Bytes thrown away because the cap of their stream was full. */
  readonly truncatedBytes = { stdout: 0, stderr: 0 }
  /** Streams that may still bring something to keep. */
  readonly #open: Set<CommandExecOutputStream>
  #chunks: Array<OutputChunk> = []
  #bytes = 0
  #closed = false
  #producer: Producer | undefined
  #paused = false
  #taker: Taker | undefined
  #reader: ((pulled: Pulled) => void) | undefined
  #onSettled: (() => void) | undefined
  #stalled = false

  /** @param cap bytes to keep of each stream; `Infinity` for all */
  constructor(streams: ReadonlyArray<CommandExecOutputStream>, cap: number) {
    this.#open = new Set(streams)
    this.#cap = cap
  }

  /** Names who is to pause above the bound. */
  attach(producer: Producer): void {
    this.#producer = producer
  }

  /** Asks it for each chunk first, unless others wait for the reader. */
  offer(taker: Taker): void {
    this.#taker = taker
  }

  /** The bytes are lent, until this returns. */
  push(stream: CommandExecOutputStream, bytes: Uint8Array): void {
    if (this.#closed || bytes.length === 0) return
    if (!this.#open.has(stream)) {
      this.truncatedBytes[stream] += bytes.length
      return
    }
    const room = this.#cap - this.#kept[stream]
    const capReached = bytes.length >= room
    const kept = bytes.length > room ? bytes.subarray(0, room) : bytes
    this.#kept[stream] += kept.length
    this.truncatedBytes[stream] += bytes.length - kept.length
    if (this.#chunks.length > 0 || this.#taker?.({ stream, bytes: kept, capReached }) !== true) {
      this.#queue({ stream, bytes: new Uint8Array(kept), capReached })
    }
    if (capReached) this.end(stream)
  }

  #queue(chunk: OutputChunk): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.bytes.length
    if (this.#reader === undefined && this.#bytes >= MAX_BUFFERED_BYTES && !this.#paused) {
      this.#paused = this.#stalled = true
      this.#producer?.pause()
    }
    this.#wake()
  }

  /** The stream has ended, or nothing more of it is kept. */
  end(stream: CommandExecOutputStream): void {
    if (this.#open.delete(stream) && this.settled) this.#onSettled?.()
  }

  /** Nothing more is wanted: the reader gets what is there, then the end. */
  close(): void {
    this.#closed = true
    this.#wake()
  }

  /** Every stream has ended or is full. */
  get settled(): boolean {
    return this.#open.size === 0
  }

  /** Done as soon as every stream has ended or is full. */
  readonly awaitSettled: Effect.Effect<void> = Effect.callback((resume) => {
    if (this.settled) return resume(Effect.void)
    this.#onSettled = () => resume(Effect.void)
  })

  /** Whether the producer was held back since this was last asked. */
  takeStalled(): boolean {
    const stalled = this.#stalled
    this.#stalled = this.#paused
    return stalled
  }

  /** All that has come, as soon as something has; fails with `Done` at the end. One reader at a time. */
  readonly pull: Effect.Effect<readonly [OutputChunk, ...Array<OutputChunk>], Cause.Done> = Effect.callback(
    (resume) => {
      this.#reader = resume
      this.#wake()
      if (this.#paused && this.#bytes === 0) {
        this.#paused = false
        this.#producer?.resume()
      }
      return Effect.sync(() => {
        this.#reader = undefined
      })
    }
  )

  #wake(): void {
    const reader = this.#reader
    if (reader === undefined) return
    const [first, ...rest] = this.#chunks
    if (first === undefined && !this.#closed) return
    this.#reader = undefined
    this.#chunks = []
    this.#bytes = 0
    reader(first === undefined ? Exit.fail(Cause.Done()) : Exit.succeed([first, ...rest]))
  }
}
