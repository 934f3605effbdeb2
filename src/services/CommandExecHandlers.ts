/** `command/exec` on the wire: from params to a command, from its output to notifications or an answer. */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Path from "effect/Path"
import * as Ref from "effect/Ref"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import {
  CommandExecRpcs,
  DEFAULT_OUTPUT_BYTES_CAP,
  DEFAULT_TIMEOUT_MS,
  EXEC_EXTENSION,
  type CommandExecParams,
  type CommandExecTerminalSize
} from "../rpc/CommandExec.ts"
import * as Base64 from "./Base64.ts"
import { CommandExec, type Command, type CommandExit, type RunningCommand } from "./CommandExec.ts"
import {
  DuplicateProcessId,
  InvalidBase64,
  InvalidCommand,
  NegativeTimeout,
  NoSuchProcess,
  SandboxFailed,
  type CommandExecError
} from "./CommandExecError.ts"
import * as CommandOutput from "./CommandOutput.ts"
import { ConfigStore } from "./ConfigStore.ts"
import { Connection, type ProcessTable } from "./Connection.ts"
import { HostInfo } from "./HostInfo.ts"
import { Limits } from "./Limits.ts"
import { ProcessQuota } from "./ProcessQuota.ts"
import { RequestSlot } from "./RequestSlot.ts"
import * as SandboxRules from "./SandboxRules.ts"
import { ConnectionReady } from "./ServedRpcs.ts"
import { shellEnvironment } from "./ShellEnvironment.ts"
import { fromCommandExecError } from "./WireErrors.ts"

/** Rows and columns of a terminal when the request does not say (measured on Codex 0.169.0). */
const DEFAULT_SIZE: CommandExecTerminalSize = { rows: 24, cols: 80 }

/** Tells `apply_patch` inside commands to keep line endings, as the original does for this method alone. */
const ADDED_ENV = { CODEX_APPLY_PATCH_PRESERVE_LINE_ENDINGS: "1" }

const isEmpty = (size: CommandExecTerminalSize) => size.rows === 0 || size.cols === 0

const invalid = (reason: InvalidCommand["reason"]) => new InvalidCommand({ reason })

/** The first thing that is wrong with the params, in the order in which the original looks. */
const problem = (params: CommandExecParams): CommandExecError | undefined => {
  const { size, timeoutMs, tty } = params
  if (params.command.length === 0) return invalid("EmptyCommand")
  if (params.permissionProfile != null && params.sandboxPolicy != null) return invalid("ProfileAndPolicy")
  if (size != null && tty !== true) return invalid("SizeWithoutTerminal")
  if (params.disableOutputCap === true && params.outputBytesCap != null) return invalid("CapAndNoCap")
  if (params.disableTimeout === true && timeoutMs != null) return invalid("TimeoutAndNoTimeout")
  if (timeoutMs != null && timeoutMs < 0) return new NegativeTimeout({ timeoutMs })
  if (size != null && isEmpty(size)) return invalid("EmptySize")
  const needsId = tty === true || params.streamStdin === true || params.streamStdoutStderr === true
  return needsId && params.processId == null ? invalid("ProcessIdRequired") : undefined
}

/** Starts a command under a name that is taken from before the start until the current Scope closes. */
const named = <E, R>(
  processes: ProcessTable,
  processId: string,
  start: Effect.Effect<RunningCommand, E, R>
): Effect.Effect<RunningCommand, E | DuplicateProcessId, R | Scope.Scope> =>
  Effect.suspend((): Effect.Effect<RunningCommand, E | DuplicateProcessId, R | Scope.Scope> => {
    if (processes.has(processId)) return Effect.fail(new DuplicateProcessId({ processId }))
    const entry = Deferred.makeUnsafe<RunningCommand, NoSuchProcess>()
    processes.set(processId, entry)
    const forget = Effect.suspend(() => {
      processes.delete(processId)
      return Deferred.fail(entry, new NoSuchProcess({ processId }))
    })
    return Effect.andThen(
      Effect.addFinalizer(() => forget),
      Effect.tap(start, (running) => Deferred.succeed(entry, running))
    )
  })

/** What the extension adds to an answer. */
const details = (exit: CommandExit) => ({
  signal: exit.signal ?? null,
  timedOut: exit.timedOut,
  stdoutTruncatedBytes: exit.truncatedBytes.stdout,
  stderrTruncatedBytes: exit.truncatedBytes.stderr,
  drainTimedOut: exit.drainTimedOut,
  durationMs: exit.durationMs,
  ...(exit.killedProcesses !== undefined && { killedProcesses: exit.killedProcesses })
})

export const layer = CommandExecRpcs.middleware(ConnectionReady).toLayer(
  Effect.gen(function* () {
    const exec = yield* CommandExec
    const quota = yield* ProcessQuota
    const { maxBufferedBytes } = yield* Limits
    const host = yield* HostInfo
    const path = yield* Path.Path
    const configured = (yield* ConfigStore).startup
    const baseEnv = { ...shellEnvironment(configured.shellEnvironmentPolicy, host.env), ...ADDED_ENV }

    const environment = (overrides: CommandExecParams["env"]): Record<string, string> => {
      const env = new Map<string, string>(Object.entries(baseEnv))
      for (const [name, value] of Object.entries(overrides ?? {})) {
        if (value === null) env.delete(name)
        else env.set(name, value)
      }
      return Object.fromEntries(env)
    }

    const directory = (cwd: string | null | undefined): string => {
      if (cwd == null) return host.cwd
      return cwd === "~" || cwd.startsWith("~/")
        ? path.join(host.home, cwd.slice(1))
        : path.resolve(host.cwd, cwd)
    }

    const owners = new WeakMap<Connection["Service"], number>()
    /** Whoever starts commands on this connection; known from its first command on. */
    const ownerOf = (connection: Connection["Service"]): Effect.Effect<number> => {
      const known = owners.get(connection)
      if (known !== undefined) return Effect.succeed(known)
      return exec.owner.pipe(
        Scope.provide(connection.scope),
        Effect.tap((owner) => Effect.sync(() => owners.set(connection, owner)))
      )
    }

    const commandOf = (params: CommandExecParams, owner: number) => {
      const cwd = directory(params.cwd)
      const env = environment(params.env)
      const sandbox = SandboxRules.resolve({
        policy: params.sandboxPolicy,
        profile: params.permissionProfile,
        configured,
        serverCwd: host.cwd,
        cwd,
        env
      })
      return Result.map(sandbox, (sandbox): Command => ({
        owner,
        argv: params.command as unknown as Command["argv"],
        cwd,
        env,
        timeout:
          params.disableTimeout === true
            ? undefined
            : Duration.millis(Number(params.timeoutMs ?? DEFAULT_TIMEOUT_MS)),
        outputBytesCap:
          params.disableOutputCap === true
            ? Infinity
            : Number(params.outputBytesCap ?? DEFAULT_OUTPUT_BYTES_CAP),
        io: params.tty === true ? (params.size ?? DEFAULT_SIZE) : { stdin: params.streamStdin === true },
        sandbox
      }))
    }

    /** Runs the command to its end in the current Scope, under its process id if it has one. */
    const run = Effect.fnUntraced(function* (params: CommandExecParams) {
      const refused = problem(params)
      if (refused !== undefined) return yield* Effect.fail(refused)
      const connection = yield* Connection
      const slot = yield* RequestSlot
      const command = yield* Effect.fromResult(commandOf(params, yield* ownerOf(connection)))
      const start = Effect.andThen(quota.take(connection), exec.start(command))
      const running = yield* params.processId == null
        ? start
        : named(connection.processes, params.processId, start)
      yield* slot.release
      const streamed = params.tty === true || params.streamStdoutStderr === true
      const text = streamed
        ? yield* CommandOutput.stream(connection, params.processId!, running)
        : yield* CommandOutput.collect(running, maxBufferedBytes)
      const exit = yield* Effect.mapError(
        running.exit,
        ({ problem }) => new SandboxFailed({ problem: text.stderr.trim() || problem })
      )
      const handshake = yield* Ref.get(connection.handshake)
      const extended = handshake._tag === "Initialized" && handshake.extensions.has(EXEC_EXTENSION)
      return { exitCode: exit.exitCode, ...text, ...(extended && details(exit)) }
    }, Effect.scoped)

    const find = Effect.fnUntraced(function* (processId: string) {
      const entry = (yield* Connection).processes.get(processId)
      return yield* entry === undefined
        ? Effect.fail(new NoSuchProcess({ processId }))
        : Deferred.await(entry)
    })

    return {
      "command/exec": (params) => Effect.mapError(run(params), fromCommandExecError),

      "command/exec/write": Effect.fnUntraced(function* ({ closeStdin, deltaBase64, processId }) {
        if (deltaBase64 == null && closeStdin !== true) {
          return yield* Effect.fail(invalid("NothingToWrite"))
        }
        const bytes = Base64.decode(deltaBase64 ?? "")
        if (Result.isFailure(bytes)) return yield* Effect.fail(new InvalidBase64({ problem: bytes.failure }))
        yield* (yield* find(processId)).write(bytes.success, closeStdin === true)
        return {}
      }, Effect.mapError(fromCommandExecError)),

      "command/exec/resize": Effect.fnUntraced(function* ({ processId, size }) {
        if (isEmpty(size)) return yield* Effect.fail(invalid("EmptySize"))
        yield* (yield* find(processId)).resize(size)
        return {}
      }, Effect.mapError(fromCommandExecError)),

      "command/exec/terminate": Effect.fnUntraced(function* ({ processId }) {
        yield* (yield* find(processId)).terminate
        return {}
      }, Effect.mapError(fromCommandExecError))
    }
  })
)
