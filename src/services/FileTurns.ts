/**
 * Turns at a file: requests for one path run one after another, in the order in which they came, so that no two
 * writes mix and a read finds what was written before. Another path of the same file, by a link, is another.
 */
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"

export interface FileTurns {
  /** Runs the effect when all that came before it for this path is over. */
  readonly take: <A, E, R>(path: string, effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

export const make = (): FileTurns => {
  const queues = new Map<string, { readonly semaphore: Semaphore.Semaphore; length: number }>()
  return {
    take: (path, effect) =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          const queue = queues.get(path) ?? { semaphore: Semaphore.makeUnsafe(1), length: 0 }
          queue.length++
          queues.set(path, queue)
          return queue
        }),
        ({ semaphore }) => semaphore.withPermit(effect),
        (queue) => Effect.sync(() => void (--queue.length === 0 && queues.delete(path)))
      )
  }
}
