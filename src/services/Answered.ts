/** The moment at which a request is answered, which is after its handler. */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"

/** Gives what is done when the current request has been answered. It goes on meanwhile. */
export const answered: Effect.Effect<Effect.Effect<void>> = Effect.map(Effect.fiber, (request) =>
  // it is answered by whoever observes the end of its fiber
  Effect.andThen(Fiber.await(request), Effect.yieldNow)
)
