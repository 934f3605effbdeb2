/**
 * What came for a reader and was not read yet. Above a bound the connection is not read, so the server has to
 * wait: the protocol has no way to let a single process wait.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"

/**
 * Bytes that may wait in one queue: what a command writes at most with the default caps, which is 1 MiB for each of
 * two streams, and as much again for the weight of some 8000 pieces. Such commands never hold up others.
 */
export const MAX_UNREAD_BYTES = 4 * 1024 * 1024
/** What a piece weighs besides its bytes: the objects around it. */
const ITEM_BYTES = 256

/** Whether a connection is read: not while any of its queues is full. */
export class ReadingGate {
  readonly #full = new Set<object>()
  readonly #pause: () => void
  readonly #resume: () => void

  constructor(pause: () => void, resume: () => void) {
    this.#pause = pause
    this.#resume = resume
  }

  full(queue: object): void {
    if (this.#full.size === 0) this.#pause()
    this.#full.add(queue)
  }

  room(queue: object): void {
    if (this.#full.delete(queue) && this.#full.size === 0) this.#resume()
  }
}

interface Entry<A> {
  readonly item: A
  readonly weight: number
}

type Items<A> = readonly [A, ...Array<A>]

interface Reader<A, E> {
  readonly wants: (item: A) => boolean
  readonly resume: (exit: Exit.Exit<Items<A>, E | Cause.Done>) => void
}

export class UnreadQueue<A, E> {
  readonly #gate: ReadingGate
  #unread: Array<Entry<A>> = []
  #bytes = 0
  #end: Exit.Exit<never, E | Cause.Done> | undefined
  readonly #readers = new Set<Reader<A, E>>()

  constructor(gate: ReadingGate) {
    this.#gate = gate
  }

  push(item: A, bytes: number): void {
    if (this.#end !== undefined) return
    // who waits has found nothing among what is unread
    for (const reader of this.#readers)
      if (reader.wants(item)) return this.#resume(reader, Exit.succeed([item]))
    const weight = bytes + ITEM_BYTES
    this.#unread.push({ item, weight })
    this.#bytes += weight
    if (this.#bytes > MAX_UNREAD_BYTES) this.#gate.full(this)
  }

  /** Nothing more comes: readers get what is there, then their end or this failure. From now on it holds up nobody. */
  end(exit: Exit.Exit<unknown, E>): void {
    if (this.#end !== undefined) return
    this.#settle(Exit.isSuccess(exit) ? Exit.fail(Cause.Done()) : Exit.failCause(exit.cause))
  }

  /** Nobody is to read it any more. Who does is interrupted, lest a part be taken for the whole. */
  discard(): void {
    this.#unread = []
    this.#settle(Exit.interrupt())
  }

  #settle(exit: Exit.Exit<never, E | Cause.Done>): void {
    this.#end = exit
    this.#gate.room(this)
    for (const reader of this.#readers) this.#serve(reader)
  }

  /** What has come of what the reader wants, as soon as there is some. Each item goes to one reader. */
  read(wants: (item: A) => boolean = () => true): Stream.Stream<A, E> {
    const pull = Effect.callback<Items<A>, E | Cause.Done>((resume) => {
      const reader: Reader<A, E> = { wants, resume }
      this.#readers.add(reader)
      this.#serve(reader)
      return Effect.sync(() => void this.#readers.delete(reader))
    })
    return Stream.fromPull(Effect.succeed(pull)) as Stream.Stream<A, E>
  }

  /** Gives the reader what there is for it, or its end; else it goes on waiting. */
  #serve(reader: Reader<A, E>): void {
    const wanted: Array<A> = []
    const left: Array<Entry<A>> = []
    for (const entry of this.#unread) {
      if (reader.wants(entry.item)) {
        wanted.push(entry.item)
        this.#bytes -= entry.weight
      } else {
        left.push(entry)
      }
    }
    const [first, ...rest] = wanted
    if (first === undefined) {
      if (this.#end !== undefined) this.#resume(reader, this.#end)
      return
    }
    this.#unread = left
    if (this.#bytes <= MAX_UNREAD_BYTES) this.#gate.room(this)
    this.#resume(reader, Exit.succeed([first, ...rest]))
  }

  #resume(reader: Reader<A, E>, exit: Exit.Exit<Items<A>, E | Cause.Done>): void {
    this.#readers.delete(reader)
    reader.resume(exit)
  }
}
