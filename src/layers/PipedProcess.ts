/** A process on pipes, started natively or, where that cannot be, through `node:child_process`. */
import * as ChildProcess from "node:child_process"
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
import type { Native } from "./Native.ts"
import * as Pipes from "./Pipes.ts"
import { childStatus, commandStatus, type ProcessHost } from "./ProcessHost.ts"

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
  Effect.map(acquire(host, spec, file, io), (acquired) => connect(host, acquired, output))

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
        // "close" follows, and each write is told
        for (const stream of streamsOf(started)) stream?.on("error", () => {})
        return { ...started, mark, exit }
      }),
      (started) =>
        Effect.andThen(
          host.end(started.pid, mark, exit),
          Effect.sync(() => {
            for (const stream of streamsOf(started)) stream?.destroy()
          })
        )
    )
  })

const streamsOf = ({ stderr, stdin, stdout }: Pipes.Streams) => [stdin, stdout.stream, stderr.stream]

/** Lets the output have what the process writes. */
export const connect = (
  host: ProcessHost,
  { exit, mark, pid, stderr, stdin, stdout }: Acquired,
  output: OutputBuffer
): RunningProcess => {
  for (const [name, { read, stream }] of [
    ["stdout", stdout],
    ["stderr", stderr]
  ] as const) {
    read((bytes) => output.push(name, bytes))
    const end = () => output.end(name)
    stream.on("close", end)
    stream.on("end", end) // earlier by a turn of the event loop
  }
  output.attach({
    pause: () => {
      stdout.stream.pause()
      stderr.stream.pause()
    },
    resume: () => {
      stdout.stream.resume()
      stderr.stream.resume()
    }
  })
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

interface Started extends Pipes.Streams {
  readonly pid: number
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
  return host.native === undefined
    ? startByNode(host, mark, spec, stdin, onExit)
    : startNatively(host, host.native, mark, spec, file, stdin, onExit)
}

const startNatively = (
  host: ProcessHost,
  native: Native,
  mark: string,
  { argv, cwd, env, launcher }: SpawnSpec,
  file: string,
  stdin: boolean,
  onExit: (pid: number, status: ExitStatus) => void
): Effect.Effect<Started, SpawnError> =>
  Effect.suspend(() => {
    let pipes: Pipes.Pipes | undefined
    try {
      pipes = Pipes.open(native, stdin)
      const words = launcher ? launcher.wrap(argv, false) : argv
      const program = {
        file: launcher ? words[0] : file,
        argv: words,
        env: launcher?.env ?? env,
        cwd,
        descriptors: [...pipes.theirs, ...(launcher?.descriptors ?? [])]
      }
      const pid = host.start(
        mark,
        () => native.spawn(program),
        (pid) => pid
      )
      host.onExit(pid, (status) => onExit(pid, status))
      return Effect.succeed({ pid, ...pipes.ours() })
    } catch (error) {
      pipes?.abandon()
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
            stdout: Pipes.sourceOf(stdout!),
            stderr: Pipes.sourceOf(stderr!)
          })
        )
      }
    } catch (error) {
      fail(error)
    }
  })
