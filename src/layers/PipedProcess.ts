/** A process on pipes, started natively or, where that cannot be, through `node:child_process`. */
import * as ChildProcess from "node:child_process"
import type { Writable } from "node:stream"
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
import * as Resource from "../services/Resource.ts"
import * as SystemError from "../services/SystemError.ts"
import * as DescriptorRoom from "./DescriptorRoom.ts"
import * as OutputPipes from "./OutputPipes.ts"
import * as Pipes from "./Pipes.ts"
import { childStatus, commandStatus, type NativeHost, type ProcessHost } from "./ProcessHost.ts"

/** What `child_process` opens for a start. Node 20 loses some of them for good when it runs out half-way. */
const CHILD_PROCESS_DESCRIPTORS = 8

/** Starts the leader of a new session; it and all that descends from it end with the Scope. */
export const spawn = (
  host: ProcessHost,
  spec: SpawnSpec,
  file: string,
  io: { readonly stdin: boolean },
  output: OutputBuffer
): Effect.Effect<RunningProcess, SpawnError, Scope.Scope> =>
  Effect.map(acquire(host, spec, file, io), (acquired) => connect(host, acquired, output, spec.collected))

/** A process that ends with its Scope, and whose streams nobody reads yet. */
interface Acquired extends Started {
  readonly mark: string
  readonly exit: Deferred.Deferred<ExitStatus>
}

export const acquire = (
  host: ProcessHost,
  spec: SpawnSpec,
  file: string,
  io: { readonly stdin: boolean }
): Effect.Effect<Acquired, SpawnError, Scope.Scope> =>
  Effect.suspend(() => {
    const exit = Deferred.makeUnsafe<ExitStatus>()
    const mark = host.mark(spec.owner)
    return Resource.acquire(
      Effect.map(start(host, mark, spec, file, io, exit), (started) => {
        started.stdin?.on("error", () => {}) // each write is told
        return { ...started, mark, exit }
      }),
      ({ pid, pipes, stdin }) =>
        host.end(pid, mark, exit, () => {
          stdin?.destroy()
          pipes.destroy()
        })
    )
  })

/** Lets the output have what the process writes; late if it is only collected. */
export const connect = (
  host: ProcessHost,
  { exit, mark, pid, pipes, stdin }: Acquired,
  output: OutputBuffer,
  collected = false
): RunningProcess => {
  pipes.connect(output, collected)
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
    kill: host.killLed(pid, exit),
    killTree: host.sweep(mark)
  }
}

interface Started {
  readonly pid: number
  readonly stdin: Writable | null
  readonly pipes: OutputPipes.OutputPipes
}

const start = (
  host: ProcessHost,
  mark: string,
  spec: SpawnSpec,
  file: string,
  { stdin }: { readonly stdin: boolean },
  exit: Deferred.Deferred<ExitStatus>
): Effect.Effect<Started, SpawnError> => {
  const onExit = (pid: number, status: ExitStatus) => {
    host.ended(pid)
    Deferred.doneUnsafe(exit, Effect.succeed(commandStatus(spec.launcher, status)))
  }
  return host.natively === undefined
    ? startByNode(host, mark, spec, stdin, onExit)
    : startNatively(host, host.natively, mark, spec, file, stdin, onExit)
}

const startNatively = (
  host: ProcessHost,
  { native, onExit: tellExit, young }: NativeHost,
  mark: string,
  { argv, cwd, env, launcher }: SpawnSpec,
  file: string,
  withStdin: boolean,
  onExit: (pid: number, status: ExitStatus) => void
): Effect.Effect<Started, SpawnError> =>
  Effect.suspend(() => {
    let opened: Pipes.Pipes | undefined
    try {
      opened = Pipes.open(native, withStdin)
      const words = launcher ? launcher.wrap(argv, false) : argv
      const program = {
        file: launcher ? words[0] : file,
        argv: words,
        env: launcher?.env ?? env,
        cwd,
        descriptors: [...opened.theirs, ...(launcher?.descriptors ?? [])]
      }
      const pid = host.start(
        mark,
        () => native.spawn(program),
        (pid) => pid
      )
      const { output, stdin } = opened.ours()
      const pipes = OutputPipes.ofDescriptors(young, output)
      tellExit(pid, (status) => {
        pipes.exited()
        onExit(pid, status)
      })
      return Effect.succeed({ pid, stdin, pipes })
    } catch (error) {
      opened?.abandon()
      return Effect.fail(new SpawnError({ message: SystemError.text(error) }))
    }
  })

const startByNode = (
  host: ProcessHost,
  mark: string,
  { argv, cwd, env, launcher }: SpawnSpec,
  stdin: boolean,
  onExit: (pid: number, status: ExitStatus) => void
): Effect.Effect<Started, SpawnError> =>
  Effect.callback((resume) => {
    const fail = (error: unknown) => resume(Effect.fail(new SpawnError({ message: SystemError.text(error) })))
    const [file, ...args] = launcher ? launcher.wrap(argv, false) : argv
    try {
      DescriptorRoom.check(CHILD_PROCESS_DESCRIPTORS)
      const child = host.start(
        mark,
        () =>
          ChildProcess.spawn(file, args, {
            cwd,
            env: { ...(launcher?.env ?? env), ...host.environment(mark) },
            detached: true, // a session and a process group of its own
            stdio: [
              stdin ? "pipe" : "ignore",
              "pipe",
              "pipe",
              ...host.descriptors.passed(launcher?.descriptors)
            ]
          }),
        (child) => child.pid
      )
      const { pid, stderr, stdout } = child
      child.on("error", fail)
      child.on("exit", (code, signal) => onExit(pid!, childStatus(code, signal)))
      if (pid !== undefined) {
        resume(
          Effect.succeed({
            pid,
            stdin: child.stdin,
            pipes: OutputPipes.ofStreams(stdout!, stderr!)
          })
        )
      }
    } catch (error) {
      fail(error)
    }
  })
