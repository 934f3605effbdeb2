/**
 * Processes for tests of clients: each program is an Effect, so nothing of this machine is started and a property can
 * run thousands of commands. What is around them (the pipes, the terminal, the kill) is as a spawner owes it.
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { CommandExecOutputStream } from "../rpc/CommandExec.ts"
import { SpawnError } from "./CommandExecError.ts"
import type { OutputBuffer } from "./OutputBuffer.ts"
import { ProcessSpawner, type ExitStatus, type RunningProcess, type SpawnSpec } from "./ProcessSpawner.ts"
import * as SystemError from "./SystemError.ts"

/** A process of a test, seen from within. */
export interface TestProcess extends Pick<SpawnSpec, "argv" | "cwd" | "env" | "io"> {
  /** Writes to a stream, `stdout` by default, and waits while nobody reads. A terminal has that one alone. */
  readonly write: (output: Uint8Array | string, stream?: CommandExecOutputStream) => Effect.Effect<void>
  /** What is written to it; at its end the stream ends. Without stdin it is over at once. */
  readonly stdin: Stream.Stream<Uint8Array>
}

/** What a process does, and its exit code. It is interrupted when the process is killed. */
export type TestProgram = (process: TestProcess) => Effect.Effect<number>

/** By the first word of a command; any other cannot be found. */
export type TestPrograms = Readonly<Record<string, TestProgram>>

const KILLED: ExitStatus = { signal: 9, name: "SIGKILL" }

const statusOf = (exit: Exit.Exit<number>): Exit.Exit<ExitStatus> =>
  Exit.isSuccess(exit)
    ? Exit.succeed({ code: exit.value })
    : Cause.hasInterruptsOnly(exit.cause)
      ? Exit.succeed(KILLED)
      : Exit.failCause(exit.cause)

const start = Effect.fnUntraced(function* (
  pid: number,
  program: TestProgram,
  { argv, cwd, env, io }: SpawnSpec,
  output: OutputBuffer
) {
  const encoder = new TextEncoder()
  const terminal = "rows" in io
  const open = Latch.makeUnsafe(true)
  output.attach({ pause: () => void open.closeUnsafe(), resume: () => void open.openUnsafe() })
  // the service refuses what comes above 16 MiB that wait
  const stdin = yield* Queue.unbounded<Uint8Array, Cause.Done>()
  let pending = 0
  if (!terminal && !io.stdin) Queue.endUnsafe(stdin)

  const running = program({
    argv,
    cwd,
    env,
    io,
    stdin: Stream.fromQueue(stdin).pipe(
      Stream.tap((bytes) => Effect.sync(() => void (pending -= bytes.length)))
    ),
    write: (text, stream = "stdout") =>
      Effect.suspend(() => {
        output.push(terminal ? "stdout" : stream, typeof text === "string" ? encoder.encode(text) : text)
        return open.await
      })
  })
  const exit = Deferred.makeUnsafe<ExitStatus>()
  const fiber = yield* Effect.forkScoped(running)
  fiber.addObserver((ended) => {
    output.end("stdout")
    output.end("stderr")
    Deferred.doneUnsafe(exit, statusOf(ended))
  })
  const kill = Effect.sync(() => fiber.interruptUnsafe())
  const process: RunningProcess = {
    pid,
    exit: Deferred.await(exit),
    pendingInput: () => pending,
    write: (bytes, end) =>
      Effect.sync(() => {
        if (bytes.length > 0 && Queue.offerUnsafe(stdin, bytes)) pending += bytes.length
        if (end) Queue.endUnsafe(stdin)
        return fiber.pollUnsafe() === undefined
      }),
    resize: () => Effect.void,
    kill,
    killTree: Effect.as(Effect.andThen(kill, Fiber.await(fiber)), 0)
  }
  return process
})

/** A machine on which these programs are all there is. */
export const layer = (programs: TestPrograms): Layer.Layer<ProcessSpawner> =>
  Layer.sync(ProcessSpawner, () => {
    let started = 0
    return {
      spawn: (spec, output) => {
        const [name] = spec.argv
        return Object.hasOwn(programs, name)
          ? start(++started, programs[name]!, spec, output)
          : Effect.fail(new SpawnError({ message: SystemError.textOf("ENOENT") }))
      },
      endOwner: () => Effect.void // each ended with the Scope of its command
    }
  })
