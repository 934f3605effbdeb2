/** A process on pipes, through `node:child_process`. */
import * as ChildProcess from "node:child_process"
import * as os from "node:os"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { SpawnError } from "../services/CommandExecError.ts"
import type { OutputBuffer } from "../services/OutputBuffer.ts"
import {
  EAGER_STDIN_BYTES,
  type ExitStatus,
  type RunningProcess,
  type SpawnSpec
} from "../services/ProcessSpawner.ts"
import * as SystemError from "../services/SystemError.ts"
import * as ProcessGroup from "./ProcessGroup.ts"

/** Starts the leader of a new session; its group ends with the Scope. */
export const spawn = (
  spec: SpawnSpec,
  io: { readonly stdin: boolean },
  output: OutputBuffer
): Effect.Effect<RunningProcess, SpawnError, Scope.Scope> =>
  Effect.gen(function* () {
    const exit = Deferred.makeUnsafe<ExitStatus>()
    const child = yield* Effect.acquireRelease(start(spec, io, exit), (child) =>
      Effect.andThen(
        ProcessGroup.end(child.pid!, exit),
        Effect.sync(() => {
          for (const stream of child.stdio) stream?.destroy()
        })
      )
    )
    const { stderr, stdin, stdout } = child
    for (const [name, stream] of Object.entries({ stdout, stderr }) as ReadonlyArray<
      ["stdout", typeof stdout]
    >) {
      stream!.on("data", (bytes: Buffer) => output.push(name, bytes))
      stream!.on("error", () => {}) // "close" follows
      stream!.on("close", () => output.end(name))
    }
    output.attach({
      pause: () => {
        stdout!.pause()
        stderr!.pause()
      },
      resume: () => {
        stdout!.resume()
        stderr!.resume()
      }
    })
    stdin?.on("error", () => {}) // each write is told
    return {
      pid: child.pid!,
      exit: Deferred.await(exit),
      pendingInput: () => stdin?.writableLength ?? 0,
      write: (bytes, end) =>
        Effect.callback<boolean>((resume) => {
          if (stdin === null || !stdin.writable) return resume(Effect.succeed(false))
          const eager = stdin.writableLength + bytes.length <= EAGER_STDIN_BYTES
          // a write that the end of the process cuts off is reported without an error
          const taken = (error?: Error | null) => resume(Effect.succeed(error == null && !stdin.destroyed))
          if (bytes.length > 0) stdin.write(bytes, eager ? undefined : taken)
          if (end) stdin.end()
          if (eager) resume(Effect.succeed(true))
        }),
      resize: () => Effect.void,
      kill: ProcessGroup.kill(child.pid!)
    }
  })

const start = (
  { argv: [file, ...args], cwd, env }: SpawnSpec,
  { stdin }: { readonly stdin: boolean },
  exit: Deferred.Deferred<ExitStatus>
): Effect.Effect<ChildProcess.ChildProcess, SpawnError> =>
  Effect.callback((resume) => {
    const fail = (error: unknown) => resume(Effect.fail(new SpawnError({ message: SystemError.text(error) })))
    try {
      const child = ChildProcess.spawn(file, args, {
        cwd,
        env,
        detached: true, // a session and a process group of its own
        stdio: [stdin ? "pipe" : "ignore", "pipe", "pipe"]
      })
      child.on("error", fail)
      child.on("exit", (code, signal) =>
        Deferred.doneUnsafe(
          exit,
          Effect.succeed(signal === null ? { code: code! } : { signal: os.constants.signals[signal] })
        )
      )
      if (child.pid !== undefined) resume(Effect.succeed(child))
    } catch (error) {
      fail(error)
    }
  })
