/**
 * Turns at large answers: a connection prepares one at a time, and the next when the client has taken it. So a client
 * that asks for a lot and reads nothing costs the memory of one.
 */
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import { answered } from "./Answered.ts"
import type { Connection } from "./Connection.ts"
import * as PerConnection from "./PerConnection.ts"

export interface LargeAnswers {
  /** Takes the turn for the current request, which is one of this connection. It ends when the client has the answer. */
  readonly take: (connection: Connection["Service"]) => Effect.Effect<void>
}

export const make = (): LargeAnswers => {
  const turnOf = PerConnection.make(() => Semaphore.makeUnsafe(1))
  return {
    take: (connection) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.gen(function* () {
          const turn = turnOf(connection)
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
