/**
 * The commands of a connection, whichever family of methods starts them: each takes a place in the quotas before it
 * starts, and all of them end with the connection.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { CommandExec, type Command, type RunningCommand } from "./CommandExec.ts"
import type { SandboxUnavailable, SpawnError, TooManyProcesses } from "./CommandExecError.ts"
import { Connection } from "./Connection.ts"
import { Metrics } from "./Metrics.ts"
import type { OutputChunk } from "./OutputBuffer.ts"
import { ProcessQuota } from "./ProcessQuota.ts"
import * as Resource from "./Resource.ts"

export class ConnectionCommands extends Context.Service<
  ConnectionCommands,
  {
    /** Starts a command for the connection; it ends with the current Scope, and its place is free then. */
    readonly start: (
      command: Omit<Command, "owner">
    ) => Effect.Effect<
      RunningCommand,
      TooManyProcesses | SpawnError | SandboxUnavailable,
      Connection | Scope.Scope
    >
    /** Starts what outlives its request, at once; it is interrupted when the connection ends. */
    readonly fork: <E, R>(effect: Effect.Effect<void, E, R>) => Effect.Effect<void, never, R | Connection>
  }
>()("effect-app-server/ConnectionCommands") {
  static readonly layer: Layer.Layer<ConnectionCommands, never, CommandExec | ProcessQuota> = Layer.effect(
    ConnectionCommands,
    Effect.gen(function* () {
      const exec = yield* CommandExec
      const quota = yield* ProcessQuota
      const metrics = yield* Metrics
      const homes = new WeakMap<Connection["Service"], Home>()

      /** Once for each connection, with its first command. */
      const makeHome = Effect.fnUntraced(function* (connection: Connection["Service"]) {
        const scope = yield* Scope.fork(connection.scope, "parallel")
        // after the scope, so that it ends before: one sweep for all commands is cheaper than one for each
        const owner = yield* Scope.provide(exec.owner, connection.scope)
        const home: Home = { owner, scope }
        homes.set(connection, home)
        return home
      })
      const homeOf = (connection: Connection["Service"]) => {
        const known = homes.get(connection)
        return known === undefined ? makeHome(connection) : Effect.succeed(known)
      }

      return {
        start: Effect.fnUntraced(function* (command) {
          const connection = yield* Connection
          const { owner } = yield* homeOf(connection)
          yield* quota.take(connection)
          const running = yield* exec.start({ ...command, owner })
          return metrics === undefined ? running : yield* counted(running, command, metrics)
        }),
        fork: Effect.fnUntraced(function* (effect) {
          const { scope } = yield* homeOf(yield* Connection)
          yield* Effect.forkIn(effect, scope, { startImmediately: true })
        })
      }
    })
  )
}

interface Home {
  /** Whose the commands are. */
  readonly owner: number
  /** Closes with the connection, and interrupts all at once. */
  readonly scope: Scope.Scope
}

/** The command, counted until the Scope closes, and its output as far as somebody reads it. */
const counted = (
  running: RunningCommand,
  { io }: Pick<Command, "io">,
  metrics: Metrics
): Effect.Effect<RunningCommand, never, Scope.Scope> => {
  const kind = "rows" in io ? "terminal" : "pipe"
  return Resource.acquire(
    Effect.sync(() => {
      metrics.started(kind)
      const note = ({ bytes, stream }: OutputChunk) => metrics.output(stream, bytes.length)
      return {
        ...running,
        output: Stream.mapArray(running.output, (chunks) => {
          chunks.forEach(note)
          return chunks
        }),
        offer: (taker) =>
          running.offer((chunk) => {
            if (!taker(chunk)) return false
            note(chunk)
            return true
          })
      }
    }),
    () => Effect.sync(() => metrics.ended(kind))
  )
}
