/**
 * Turns at large answers: a connection prepares one at a time, and the next when the client has taken it. So a client
 * that asks for a lot and reads nothing costs the memory of one.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Semaphore from "effect/Semaphore"
import type { Connection } from "./Connection.ts"

export interface LargeAnswers {
  /** Takes the turn for the current request, which is one of this connection. It ends when the client has the answer. */
  readonly take: (connection: Connection["Service"]) => Effect.Effect<void>
}

/** Done when the current request, which goes on meanwhile, has been answered. */
const answered = Effect.map(Effect.fiber, (request) =>
  // it is answered by whoever observes the end of its fiber
  Effect.andThen(Fiber.await(request), Effect.yieldNow)
)

export const make = (): LargeAnswers => {
  const turns = new WeakMap<Connection["Service"], Semaphore.Semaphore>()
  return {
    take: (connection) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.gen(function* () {
          const turn = turns.get(connection) ?? Semaphore.makeUnsafe(1)
          turns.set(connection, turn)
          yield* restore(turn.take(1))
          const over = (yield* answered).pipe(
            Effect.andThen(connection.outbox.drained),
            Effect.andThen(turn.release(1))
          )
          yield* Effect.forkIn(over, connection.scope)
        })
      )
  }
}
