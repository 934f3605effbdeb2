/**
 * The names that a client gives to its running commands, and what it does to them by name. Each family of methods
 * has names of its own, on each connection.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { CommandExecTerminalSize } from "../rpc/CommandExec.ts"
import * as Base64 from "./Base64.ts"
import type { RunningCommand } from "./CommandExec.ts"
import {
  DuplicateName,
  InvalidBase64,
  InvalidCommand,
  NoSuchProcess,
  type CommandExecError
} from "./CommandExecError.ts"
import * as Resource from "./Resource.ts"
import * as TerminalSize from "./TerminalSize.ts"

/** What is to be written: bytes as base64, the end of stdin, or both. */
export interface Input {
  readonly deltaBase64?: string | null
  readonly closeStdin?: boolean
}

export class NamedProcesses {
  /** A command that is still being started counts, and whoever looks for it waits. */
  readonly #entries = new Map<string, Deferred.Deferred<RunningCommand, NoSuchProcess>>()

  /** Starts a command under a name that is taken from before the start until the current Scope closes. */
  start<E, R>(
    name: string,
    start: Effect.Effect<RunningCommand, E, R>
  ): Effect.Effect<RunningCommand, E | DuplicateName, R | Scope.Scope> {
    return Effect.suspend((): Effect.Effect<RunningCommand, E | DuplicateName, R | Scope.Scope> => {
      if (this.#entries.has(name)) return Effect.fail(new DuplicateName({ name }))
      const entry = Deferred.makeUnsafe<RunningCommand, NoSuchProcess>()
      this.#entries.set(name, entry)
      const forget = Effect.suspend(() => {
        this.#entries.delete(name)
        return Deferred.fail(entry, new NoSuchProcess({ name }))
      })
      return Effect.andThen(
        Resource.onClose(forget),
        Effect.tap(start, (running) => Deferred.succeed(entry, running))
      )
    })
  }

  /** Writes to stdin, ends it, or both. */
  write(name: string, { closeStdin, deltaBase64 }: Input): Effect.Effect<void, CommandExecError> {
    if (deltaBase64 == null && closeStdin !== true) {
      return Effect.fail(new InvalidCommand({ reason: "NothingToWrite" }))
    }
    const bytes = Base64.decode(deltaBase64 ?? "")
    if (Result.isFailure(bytes)) return Effect.fail(new InvalidBase64({ problem: bytes.failure }))
    return Effect.flatMap(this.#find(name), (running) => running.write(bytes.success, closeStdin === true))
  }

  /** Gives the terminal another size. */
  resize(name: string, size: CommandExecTerminalSize): Effect.Effect<void, CommandExecError> {
    if (TerminalSize.isEmpty(size)) return Effect.fail(new InvalidCommand({ reason: "EmptySize" }))
    return Effect.flatMap(this.#find(name), (running) => running.resize(size))
  }

  /** Kills it and all that descends from it. */
  terminate(name: string): Effect.Effect<void, NoSuchProcess> {
    return Effect.flatMap(this.#find(name), (running) => running.terminate)
  }

  #find(name: string): Effect.Effect<RunningCommand, NoSuchProcess> {
    return Effect.suspend(() => {
      const entry = this.#entries.get(name)
      return entry === undefined ? Effect.fail(new NoSuchProcess({ name })) : Deferred.await(entry)
    })
  }
}
