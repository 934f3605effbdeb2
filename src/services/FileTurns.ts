/**
 * Turns at files: what is done with one path is done in one turn after another, in the order in which they were asked
 * for. Another path of the same file, by a link, is another.
 */
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"

export interface FileTurns {
  /** Runs the effect when all that came before it for any of these paths is over. */
  readonly take: <A, E, R>(
    paths: ReadonlyArray<string>,
    effect: Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E, R>
}

export const make = (): FileTurns => {
  /** The end of the last turn at each path that has one. */
  const ends = new Map<string, Latch.Latch>()
  return {
    take: (paths, effect) =>
      Effect.suspend(() => {
        const before = paths.flatMap((path) => ends.get(path) ?? [])
        const end = Latch.makeUnsafe()
        for (const path of paths) ends.set(path, end)
        const turn = Effect.forEach(before, (latch) => latch.await, { discard: true })
        const leave = Effect.sync(() => {
          for (const path of paths) if (ends.get(path) === end) ends.delete(path)
          end.openUnsafe()
        })
        let began = false
        const act = Effect.suspend(() => {
          began = true
          return effect
        })
        return Effect.onExit(Effect.andThen(turn, act), () =>
          // who gives up waiting lets nobody pass those in front
          began ? leave : Effect.asVoid(Effect.forkDetach(Effect.andThen(turn, leave)))
        )
      })
  }
}
