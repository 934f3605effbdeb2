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
import * as DescriptorRoom from "./DescriptorRoom.ts"
import * as Pipes from "./Pipes.ts"
import { killGroup, type ProcessHost } from "./ProcessHost.ts"

/** What `child_process` opens for a start. Node 20 loses some of them for good when it runs out half-way. */
const CHILD_PROCESS_DESCRIPTORS = 8

/** Starts the leader of a new session; it and all that descends from it end with the Scope. */
export const spawn = (
  host: ProcessHost,
  spec: SpawnSpec,
  io: { readonly stdin: boolean },
  output: OutputBuffer
): Effect.Effect<RunningProcess, SpawnError, Scope.Scope> =>
  Effect.gen(function* () {
    const exit = Deferred.makeUnsafe<ExitStatus>()
    const mark = host.mark(spec.owner)
    const { pid, stderr, stdin, stdout } = yield* Effect.acquireRelease(
      start(host, mark, spec, io, exit),
      ({ pid, stderr, stdin, stdout }) =>
        Effect.andThen(
          host.end(pid, mark, exit),
          Effect.sync(() => {
            for (const stream of [stdin, stdout, stderr]) stream?.destroy()
          })
        )
    )
    for (const [name, stream] of [
      ["stdout", stdout],
      ["stderr", stderr]
    ] as const) {
      stream.on("data", (bytes: Buffer) => output.push(name, bytes))
      stream.on("error", () => {}) // "close" follows
      stream.on("close", () => output.end(name))
    }
    output.attach({
      pause: () => {
        stdout.pause()
        stderr.pause()
      },
      resume: () => {
        stdout.resume()
        stderr.resume()
      }
    })
    stdin?.on("error", () => {}) // each write is told
    return {
      pid,
      exit: Deferred.await(exit),
      pendingInput: () => stdin?.writableLength ?? 0,
      write: (bytes, end) =>
        Effect.callback<boolean>((resume) => {
          if (stdin === null || !stdin.writable || Deferred.isDoneUnsafe(exit)) {
            return resume(Effect.succeed(false))
          }
          const eager = stdin.writableLength + bytes.length <= EAGER_STDIN_BYTES
          // a write that the end of the process cuts off is reported without an error
          const taken = (error?: Error | null) => resume(Effect.succeed(error == null && !stdin.destroyed))
          if (bytes.length > 0) stdin.write(bytes, eager ? undefined : taken)
          if (end) stdin.end()
          if (eager) resume(Effect.succeed(true))
        }),
      resize: () => Effect.void,
      kill: killGroup(pid),
      killTree: host.sweep(mark)
    }
  })

interface Started extends Pipes.Streams {
  readonly pid: number
}

const start = (
  host: ProcessHost,
  mark: string,
  { argv: [file, ...args], cwd, env }: SpawnSpec,
  { stdin }: { readonly stdin: boolean },
  exit: Deferred.Deferred<ExitStatus>
): Effect.Effect<Started, SpawnError> =>
  Effect.callback((resume) => {
    const fail = (error: unknown) => resume(Effect.fail(new SpawnError({ message: SystemError.text(error) })))
    let pipes: Pipes.Pipes | undefined
    try {
      if (host.native) pipes = Pipes.open(host.native, stdin)
      else DescriptorRoom.check(CHILD_PROCESS_DESCRIPTORS)
      const child = host.start(
        mark,
        () =>
          ChildProcess.spawn(file, args, {
            cwd,
            env: { ...env, ...host.environment(mark) },
            detached: true, // a session and a process group of its own
            stdio: pipes?.theirs ?? [stdin ? "pipe" : "ignore", "pipe", "pipe", ...host.descriptors.hidden()]
          }),
        (child) => child.pid
      )
      const pid = child.pid
      if (pid === undefined) pipes?.abandon()
      child.on("error", fail)
      child.on("exit", (code, signal) => {
        host.ended(pid!)
        Deferred.doneUnsafe(
          exit,
          Effect.succeed(
            signal === null ? { code: code! } : { signal: os.constants.signals[signal], name: signal }
          )
        )
      })
      if (pid !== undefined) {
        const streams = pipes?.ours() ?? { stdin: child.stdin, stdout: child.stdout!, stderr: child.stderr! }
        resume(Effect.succeed({ pid, ...streams }))
      }
    } catch (error) {
      pipes?.abandon()
      fail(error)
    }
  })
