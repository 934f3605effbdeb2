/**
 * The place that a request takes in its connection's bounded queue. A request waits from its arrival until its
 * handler has done its preparation; a handler whose request then runs for long gives the place back early.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

export const RequestSlot = Context.Reference<{ readonly release: Effect.Effect<void> }>(
  "effect-app-server/RequestSlot",
  { defaultValue: () => ({ release: Effect.void }) }
)
