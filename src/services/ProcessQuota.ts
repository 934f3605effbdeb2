/** How many processes run for whom: the places that commands take before they start. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { TooManyProcesses } from "./CommandExecError.ts"
import type { Connection } from "./Connection.ts"
import { Limits } from "./Limits.ts"
import * as Resource from "./Resource.ts"

export class ProcessQuota extends Context.Service<
  ProcessQuota,
  {
    /** Takes a place for a process of this connection until the Scope closes. */
    readonly take: (connection: Connection["Service"]) => Effect.Effect<void, TooManyProcesses, Scope.Scope>
  }
>()("effect-app-server/ProcessQuota") {
  static readonly layer: Layer.Layer<ProcessQuota> = Layer.effect(
    ProcessQuota,
    Effect.gen(function* () {
      const limits = yield* Limits
      const taken = new WeakMap<Connection["Service"], number>()
      let takenByAll = 0
      const refuse = (limit: TooManyProcesses["limit"], current: number) =>
        Effect.fail(new TooManyProcesses({ limit, max: limits[limit], current }))
      const add = (connection: Connection["Service"], places: 1 | -1) => {
        takenByAll += places
        taken.set(connection, (taken.get(connection) ?? 0) + places)
      }
      return {
        take: (connection) =>
          Effect.suspend((): Effect.Effect<void, TooManyProcesses, Scope.Scope> => {
            const own = taken.get(connection) ?? 0
            if (own >= limits.maxProcessesPerConnection) return refuse("maxProcessesPerConnection", own)
            if (takenByAll >= limits.maxProcesses) return refuse("maxProcesses", takenByAll)
            add(connection, 1)
            return Resource.onClose(Effect.sync(() => add(connection, -1)))
          })
      }
    })
  )
}
