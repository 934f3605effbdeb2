/** What takes a while to get ready and lets nobody in: it waits until the server listens, or until it is needed. */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"

/** By then the server listens; nobody who has just connected is likely to have asked for more than the handshake. */
const LATER = "50 millis"

/** Works once, when it is first asked for, and as long as the Scope lives; who asks again shares the outcome. */
export const once = <A, R>(
  work: Effect.Effect<A, never, R>
): Effect.Effect<Effect.Effect<A>, never, R | Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const run = Effect.runForkWith(yield* Effect.context<R>())
    // on its own fiber, so that it goes on when the first who asked has gone
    let running: Fiber.Fiber<A> | undefined
    return Effect.suspend(() => Fiber.join((running ??= Fiber.runIn(run(work), scope))))
  })

/** Works in the background, a moment from now. */
export const later = <R>(
  work: Effect.Effect<unknown, never, R>
): Effect.Effect<void, never, R | Scope.Scope> =>
  work.pipe(Effect.delay(LATER), Effect.forkScoped, Effect.asVoid)
