/** `process/*` on the wire: answered at the start, with the output and the end as notifications. */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Path from "effect/Path"
import { DEFAULT_OUTPUT_BYTES_CAP, DEFAULT_TIMEOUT_MS } from "../rpc/CommandExec.ts"
import { ProcessRpcs, type ProcessExitedNotification, type ProcessSpawnParams } from "../rpc/Process.ts"
import { answered } from "./Answered.ts"
import * as CommandEnvironment from "./CommandEnvironment.ts"
import type { Command } from "./CommandExec.ts"
import { InvalidCommand, NegativeTimeout, type CommandExecError } from "./CommandExecError.ts"
import * as CommandOutput from "./CommandOutput.ts"
import { Connection } from "./Connection.ts"
import { ConnectionCommands } from "./ConnectionCommands.ts"
import * as ExitDetails from "./ExitDetails.ts"
import { HostInfo } from "./HostInfo.ts"
import { Limits } from "./Limits.ts"
import * as LongText from "./LongText.ts"
import type { NamedProcesses } from "./NamedProcesses.ts"
import * as RequestedStreams from "./RequestedStreams.ts"
import * as SandboxRules from "./SandboxRules.ts"
import { ConnectionReady } from "./ServedRpcs.ts"
import * as TerminalSize from "./TerminalSize.ts"
import { fromProcessError } from "./WireErrors.ts"

const invalid = (reason: InvalidCommand["reason"]) => new InvalidCommand({ reason })

/** The first thing that is wrong with the params, in the order in which the original looks. */
const problem = (params: ProcessSpawnParams): CommandExecError | undefined => {
  const { size, timeoutMs } = params
  if (params.command.length === 0) return invalid("EmptyCommand")
  if (params.processHandle === "") return invalid("EmptyName")
  if (size != null && params.tty !== true) return invalid("SizeWithoutTerminal")
  if (timeoutMs != null && timeoutMs < 0) return new NegativeTimeout({ timeoutMs })
  return size != null && TerminalSize.isEmpty(size) ? invalid("EmptySize") : undefined
}

/** Does something to a process, by its name. */
const followUp = (act: (processes: NamedProcesses) => Effect.Effect<void, CommandExecError>) =>
  Connection.pipe(
    Effect.flatMap(({ processHandles }) => act(processHandles)),
    Effect.mapBoth({ onSuccess: () => ({}), onFailure: fromProcessError })
  )

export const layer = ProcessRpcs.middleware(ConnectionReady).toLayer(
  Effect.gen(function* () {
    const commands = yield* ConnectionCommands
    const { maxBufferedBytes } = yield* Limits
    const host = yield* HostInfo
    const path = yield* Path.Path
    // the whole of the server's: the original shapes it for `command/exec` alone
    const environment = CommandEnvironment.over(host.env)

    const commandOf = (params: ProcessSpawnParams): Omit<Command, "owner"> => {
      const { outputBytesCap = DEFAULT_OUTPUT_BYTES_CAP, timeoutMs = DEFAULT_TIMEOUT_MS } = params
      return {
        argv: params.command as unknown as Command["argv"],
        cwd: path.resolve(params.cwd),
        env: environment(params.env),
        timeout: timeoutMs === null ? undefined : Duration.millis(Number(timeoutMs)),
        outputBytesCap: Math.min(
          outputBytesCap === null ? Infinity : Number(outputBytesCap),
          RequestedStreams.isStreamed(params) ? Infinity : maxBufferedBytes
        ),
        ...RequestedStreams.of(params),
        sandbox: SandboxRules.unconfined
      }
    }

    /** Runs the process to its end in the current Scope, under its handle; its output waits for `started`. */
    const run = Effect.fnUntraced(function* (params: ProcessSpawnParams, started: Effect.Effect<void>) {
      const { processHandle } = params
      const connection = yield* Connection
      const start = commands.start(commandOf(params))
      const running = yield* connection.processHandles.start(processHandle, start)
      yield* started
      const { capReached, text } = RequestedStreams.isStreamed(params)
        ? yield* CommandOutput.stream(connection, "process/outputDelta", processHandle, running)
        : yield* CommandOutput.collect(running, maxBufferedBytes)
      const exit = yield* running.exit
      const exited = {
        processHandle,
        exitCode: exit.exitCode,
        outputDrainTimedOut: exit.drainTimedOut,
        stdoutCapReached: capReached.stdout,
        stderrCapReached: capReached.stderr,
        ...(ExitDetails.isAsked(connection) && ExitDetails.of(exit))
      }
      return LongText.message(exited, text) satisfies ProcessExitedNotification
    }, Effect.scoped)

    const spawn = Effect.fnUntraced(function* (params: ProcessSpawnParams) {
      const refused = problem(params)
      if (refused !== undefined) return yield* Effect.fail(refused)
      const { notify } = yield* Connection
      const started = Deferred.makeUnsafe<{}, CommandExecError>()
      // output follows the answer
      const whenAnswered = yield* answered
      yield* run(params, Effect.andThen(Deferred.succeed(started, {}), whenAnswered)).pipe(
        Effect.flatMap((exited) =>
          // text of control characters, six times as long in JSON, may exceed the longest string
          Effect.catchDefect(notify("process/exited", exited), () =>
            notify("process/exited", withoutText(exited))
          )
        ),
        Effect.onError((cause) => Deferred.failCause(started, cause)),
        commands.fork
      )
      return yield* Deferred.await(started)
    }, Effect.mapError(fromProcessError))

    return {
      "process/spawn": spawn,
      "process/writeStdin": ({ processHandle, ...input }) =>
        followUp((processes) => processes.write(processHandle, input)),
      "process/resizePty": ({ processHandle, size }) =>
        followUp((processes) => processes.resize(processHandle, size)),
      "process/kill": ({ processHandle }) => followUp((processes) => processes.terminate(processHandle))
    }
  })
)

/** The end of a process whose output fits into no message: cut to nothing, and said to be cut. */
const withoutText = (exited: ProcessExitedNotification): ProcessExitedNotification => ({
  ...exited,
  stdout: "",
  stdoutCapReached: exited.stdoutCapReached || exited.stdout !== "",
  stderr: "",
  stderrCapReached: exited.stderrCapReached || exited.stderr !== ""
})
