/**
 * What ends with a Scope and needs no services for that. Effect's own `addFinalizer` and `acquireRelease` run each
 * release with the services of its acquisition, and copy all of them to do so: 17 KB each time (measured), which a
 * command would pay several times.
 */
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"

/** Runs `release` when the current Scope closes. */
export const onClose = (release: Effect.Effect<unknown>): Effect.Effect<void, never, Scope.Scope> =>
  Effect.flatMap(Effect.scope, (scope) => Scope.addFinalizer(scope, release))

/** Acquires without interruption what the current Scope releases. */
export const acquire = <A, E, R>(
  acquisition: Effect.Effect<A, E, R>,
  release: (acquired: A) => Effect.Effect<unknown>
): Effect.Effect<A, E, R | Scope.Scope> =>
  Effect.uninterruptible(
    Effect.tap(acquisition, (acquired) => onClose(Effect.suspend(() => release(acquired))))
  )
