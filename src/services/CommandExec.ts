/**
 * Runs commands: an output Stream, an exit, and a Scope that is the command's life.
 *
 * Whatever ends first (the command, its time, `terminate`, the Scope) ends its process group. Knows nothing of
 * connections or frames; the handlers in `CommandExecHandlers` put it on the wire.
 */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { TIMEOUT_EXIT_CODE, type CommandExecTerminalSize } from "../rpc/CommandExec.ts"
import type { SandboxUnavailable, SpawnError } from "./CommandExecError.ts"
import { NotATerminal, StdinClosed, StdinFull, StdinNotStreamed } from "./CommandExecError.ts"
import { OutputBuffer, type OutputChunk } from "./OutputBuffer.ts"
import { ProcessSpawner, type ExitStatus, type RunningProcess } from "./ProcessSpawner.ts"
import { Sandbox, type SandboxRequest } from "./Sandbox.ts"

/** How long output is read after the exit while other processes hold the pipes: 2 s (measured on Codex 0.169.0). */
export const DRAIN_TIME: Duration.Input = "2 seconds"
/** So many bytes may wait for a command that does not read: the largest message of the wire fits once. */
export const MAX_PENDING_STDIN_BYTES = 16 * 1024 * 1024

/** A command in terms of this service. */
export interface Command {
  readonly argv: readonly [string, ...Array<string>]
  /** Absolute. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** The command is killed when it is over; `undefined` for never. */
  readonly timeout: Duration.Duration | undefined
  /** Bytes kept of each stream; `Infinity` for all. */
  readonly outputBytesCap: number
  readonly io: { readonly stdin: boolean } | CommandExecTerminalSize
  readonly sandbox: SandboxRequest
}

export interface CommandExit {
  /** 128 + n for signal n on pipes, 1 on a terminal, 124 after a timeout, else as the command says. */
  readonly exitCode: number
  readonly timedOut: boolean
}

export interface RunningCommand {
  readonly pid: number
  /** What the command writes, cut at the caps. Ends with the command. The reader's pace is the command's. */
  readonly output: Stream.Stream<OutputChunk>
  /** How it ended. The output is over and the rest of the process group is gone by then. */
  readonly exit: Effect.Effect<CommandExit>
  /** Queues bytes for stdin, and its end behind them if `close` is set; closing twice is fine. */
  readonly write: (
    bytes: Uint8Array,
    close: boolean
  ) => Effect.Effect<void, StdinNotStreamed | StdinClosed | StdinFull>
  readonly resize: (size: CommandExecTerminalSize) => Effect.Effect<void, NotATerminal>
  /** SIGKILL to the process group, at once, whatever waits. */
  readonly terminate: Effect.Effect<void>
}

export class CommandExec extends Context.Service<
  CommandExec,
  {
    /** Starts a command; it ends with the Scope at the latest. */
    readonly start: (
      command: Command
    ) => Effect.Effect<RunningCommand, SpawnError | SandboxUnavailable, Scope.Scope>
  }
>()("effect-app-server/CommandExec") {
  static readonly layer: Layer.Layer<CommandExec, never, ProcessSpawner | Sandbox> = Layer.effect(
    CommandExec,
    Effect.gen(function* () {
      const spawner = yield* ProcessSpawner
      const sandbox = yield* Sandbox
      return {
        start: Effect.fnUntraced(function* (command) {
          const { env } = yield* sandbox.confine(command.sandbox)
          const terminal = "rows" in command.io
          const output = new OutputBuffer(
            terminal ? ["stdout"] : ["stdout", "stderr"],
            command.outputBytesCap
          )
          const process = yield* spawner.spawn(
            { argv: command.argv, cwd: command.cwd, env: { ...command.env, ...env }, io: command.io },
            output
          )
          const exit = Deferred.makeUnsafe<CommandExit>()
          yield* supervise(command, process, output).pipe(
            Deferred.into(exit),
            Effect.forkScoped({ startImmediately: true })
          )
          return {
            pid: process.pid,
            output: Stream.fromPull(Effect.succeed(output.pull)),
            exit: Deferred.await(exit),
            write: writer(process, terminal || ("stdin" in command.io && command.io.stdin)),
            resize: (size) => (terminal ? process.resize(size) : Effect.fail(new NotATerminal())),
            terminate: process.kill
          }
        })
      }
    })
  )
}

/** Follows a command to its end: the timeout, the exit, the drain, the rest of the group. */
const supervise = Effect.fnUntraced(function* (
  command: Command,
  process: RunningProcess,
  output: OutputBuffer
) {
  let timedOut = false
  const timer =
    command.timeout &&
    (yield* Effect.sleep(command.timeout).pipe(
      Effect.andThen(() => {
        timedOut = true
        return process.kill
      }),
      Effect.forkChild({ startImmediately: true })
    ))
  const status = yield* process.exit
  if (timer !== undefined) yield* Fiber.interrupt(timer)
  if (!output.settled) yield* drain(output)
  output.close()
  yield* process.kill
  return { exitCode: timedOut ? TIMEOUT_EXIT_CODE : exitCodeOf(status, "rows" in command.io), timedOut }
})

/** Waits for the end of the streams. Time in which our own reader holds the output back does not count. */
const drain = Effect.fnUntraced(function* (output: OutputBuffer) {
  do {
    output.takeStalled()
    yield* Effect.timeoutOption(output.awaitSettled, DRAIN_TIME)
  } while (!output.settled && output.takeStalled())
})

const exitCodeOf = (status: ExitStatus, terminal: boolean): number =>
  "code" in status ? status.code : terminal ? 1 : 128 + status.signal

const writer = (process: RunningProcess, streamed: boolean): RunningCommand["write"] => {
  let closed = false
  return (bytes, close) =>
    Effect.suspend((): Effect.Effect<void, StdinNotStreamed | StdinClosed | StdinFull> => {
      if (!streamed) return Effect.fail(new StdinNotStreamed())
      if (closed) return bytes.length === 0 ? Effect.void : Effect.fail(new StdinClosed())
      const current = process.pendingInput()
      if (current > 0 && current + bytes.length > MAX_PENDING_STDIN_BYTES) {
        return Effect.fail(new StdinFull({ max: MAX_PENDING_STDIN_BYTES, current }))
      }
      closed = close
      return Effect.flatMap(process.write(bytes, close), (taken) =>
        taken ? Effect.void : Effect.fail(new StdinClosed())
      )
    })
}
