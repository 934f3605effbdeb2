/**
 * Runs commands: an output Stream, an exit, and a Scope that is the command's life.
 *
 * Whatever ends first (the command, its time, `terminate`, the Scope) ends its processes. Knows nothing of
 * connections or frames; the handlers in `CommandExecHandlers` put it on the wire.
 */
import * as Clock from "effect/Clock"
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
import { NotATerminal, SandboxFailed, StdinClosed, StdinFull, StdinNotStreamed } from "./CommandExecError.ts"
import { OutputBuffer, type OutputChunk, type Taker } from "./OutputBuffer.ts"
import { ProcessSpawner, type ExitStatus, type RunningProcess } from "./ProcessSpawner.ts"
import { Sandbox } from "./Sandbox.ts"
import type { SandboxRules } from "./SandboxRules.ts"

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
  readonly sandbox: SandboxRules
  /** Nobody sees the output before the command is over, so it need not be read as it comes. */
  readonly collected?: boolean
  /** Whose command it is, from `CommandExec.owner`. */
  readonly owner: number
}

/** How a command ended, and what became of its output. */
export interface CommandExit {
  /** 128 + n for signal n on pipes, 1 on a terminal, 124 after a timeout, else as the command says. */
  readonly exitCode: number
  /** Name of the signal that killed it, such as `SIGKILL`. */
  readonly signal: string | undefined
  readonly timedOut: boolean
  /** Somebody else held the streams open for longer than the drain time. */
  readonly drainTimedOut: boolean
  /** Bytes that were read and thrown away because a cap was full. */
  readonly truncatedBytes: OutputBuffer["truncatedBytes"]
  /** From the start to the end, drain included. */
  readonly durationMs: number
  /** After a timeout or a termination: how many processes it consisted of, and all were killed. */
  readonly killedProcesses: number | undefined
}

export interface RunningCommand {
  readonly pid: number
  /** What the command writes, cut at the caps. Ends with the command. The reader's pace is the command's. */
  readonly output: Stream.Stream<OutputChunk>
  /** Asks for each chunk whether it is taken at once; the rest is in `output`, and behind it nothing is offered. */
  readonly offer: (taker: Taker) => void
  /**
   * How it ended. The output is over and the rest of the process group is gone by then. Fails when its sandbox
   * could not start it; the output is what the sandbox says of it.
   */
  readonly exit: Effect.Effect<CommandExit, SandboxFailed>
  /** Queues bytes for stdin, and its end behind them if `close` is set; closing twice is fine. */
  readonly write: (
    bytes: Uint8Array,
    close: boolean
  ) => Effect.Effect<void, StdinNotStreamed | StdinClosed | StdinFull>
  readonly resize: (size: CommandExecTerminalSize) => Effect.Effect<void, NotATerminal>
  /** SIGKILL to the process group, at once, whatever waits, and then to all that descends from it. */
  readonly terminate: Effect.Effect<void>
}

/** Owners are numbered over all that is made of this service: they may share a spawner. */
let lastOwner = 0

export class CommandExec extends Context.Service<
  CommandExec,
  {
    /** Somebody new to start commands for. When the Scope closes everything that these left behind ends. */
    readonly owner: Effect.Effect<number, never, Scope.Scope>
    /** Starts a command; it ends with the Scope at the latest. */
    readonly start: (
      command: Command
    ) => Effect.Effect<RunningCommand, SpawnError | SandboxUnavailable, Scope.Scope>
  }
>()("effect-app-server/CommandExec") {
  /** The service over the spawner and the sandbox that are there. */
  static readonly make: Effect.Effect<CommandExec["Service"], never, ProcessSpawner | Sandbox> = Effect.gen(
    function* () {
      const spawner = yield* ProcessSpawner
      const sandbox = yield* Sandbox
      return {
        owner: Effect.acquireRelease(
          Effect.sync(() => ++lastOwner),
          spawner.endOwner
        ),
        start: Effect.fnUntraced(function* (command) {
          const { argv, collected = false, cwd, io, owner } = command
          const confinement = yield* sandbox.confine(command.sandbox, command)
          const terminal = "rows" in io
          const output = new OutputBuffer(
            terminal ? ["stdout"] : ["stdout", "stderr"],
            command.outputBytesCap
          )
          const process = yield* spawner.spawn({ argv, cwd, io, owner, collected, ...confinement }, output)
          const ending = makeEnding(process, yield* Effect.scope)
          const ended = yield* Effect.forkScoped(supervise(command, process, output, ending), {
            startImmediately: true
          })
          return {
            pid: process.pid,
            output: Stream.fromPull(Effect.succeed(output.pull)),
            offer: (taker) => output.offer(taker),
            exit: Fiber.join(ended),
            write: writer(process, terminal || ("stdin" in io && io.stdin)),
            resize: (size) => (terminal ? process.resize(size) : Effect.fail(new NotATerminal())),
            terminate: ending.begin
          }
        })
      }
    }
  )

  static readonly layer: Layer.Layer<CommandExec, never, ProcessSpawner | Sandbox> = Layer.effect(
    CommandExec,
    CommandExec.make
  )
}

/** The end that somebody else puts to a command: all of its processes are killed, once. */
interface Ending {
  /** Kills, and does not wait for the kernel. */
  readonly begin: Effect.Effect<void>
  readonly hasBegun: () => boolean
  /** How many processes were killed, when all are gone. */
  readonly awaitKilled: Effect.Effect<number>
}

const makeEnding = (process: RunningProcess, scope: Scope.Scope): Ending => {
  const killed = Deferred.makeUnsafe<number>()
  let begun = false
  return {
    begin: Effect.suspend(() => {
      if (begun) return Effect.void
      begun = true
      return process.killTree.pipe(
        Deferred.into(killed),
        Effect.forkIn(scope, { startImmediately: true }),
        Effect.andThen(process.kill),
        // in a moment: who asked is answered before a large tree is looked through
        Effect.forkIn(scope),
        Effect.asVoid
      )
    }),
    hasBegun: () => begun,
    awaitKilled: Deferred.await(killed)
  }
}

/** Follows a command to its end: the timeout, the exit, the drain, the rest of the group. */
const supervise = Effect.fnUntraced(function* (
  command: Command,
  process: RunningProcess,
  output: OutputBuffer,
  ending: Ending
) {
  const clock = yield* Clock.Clock
  const startedAt = clock.currentTimeMillisUnsafe()
  let timedOut = false
  const timer =
    command.timeout &&
    (yield* Effect.sleep(command.timeout).pipe(
      Effect.andThen(() => {
        timedOut = true
        return ending.begin
      }),
      Effect.forkChild({ startImmediately: true })
    ))
  const status = yield* process.exit
  if (timer !== undefined) yield* Fiber.interrupt(timer)
  if (ending.hasBegun()) yield* ending.awaitKilled
  // who ends its owner does not wait, and the rest of the group may have no mark
  if (!output.settled) yield* Effect.onInterrupt(drain(output), () => process.kill)
  const drainTimedOut = !output.settled
  output.close()
  yield* process.kill
  if ("notStarted" in status)
    return yield* Effect.fail(new SandboxFailed({ problem: "it ended before the command began" }))
  const exit: CommandExit = {
    exitCode: timedOut ? TIMEOUT_EXIT_CODE : exitCodeOf(status, "rows" in command.io),
    signal: "name" in status ? status.name : undefined,
    timedOut,
    drainTimedOut,
    truncatedBytes: output.truncatedBytes,
    durationMs: clock.currentTimeMillisUnsafe() - startedAt,
    killedProcesses: ending.hasBegun() ? yield* ending.awaitKilled : undefined
  }
  return exit
})

/** Waits for the end of the streams. Time in which our own reader holds the output back does not count. */
const drain = Effect.fnUntraced(function* (output: OutputBuffer) {
  yield* Effect.yieldNow // mostly they are a turn of the event loop behind
  if (output.settled) return
  do {
    output.takeStalled()
    yield* Effect.timeoutOption(output.awaitSettled, DRAIN_TIME)
  } while (!output.settled && output.takeStalled())
})

const exitCodeOf = (status: Exclude<ExitStatus, { readonly notStarted: true }>, terminal: boolean): number =>
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
