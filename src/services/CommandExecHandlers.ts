/** `command/exec` on the wire: from params to a command, from its output to notifications or an answer. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Path from "effect/Path"
import * as Result from "effect/Result"
import {
  CommandExecRpcs,
  DEFAULT_OUTPUT_BYTES_CAP,
  DEFAULT_TIMEOUT_MS,
  type CommandExecParams
} from "../rpc/CommandExec.ts"
import * as CommandEnvironment from "./CommandEnvironment.ts"
import type { Command } from "./CommandExec.ts"
import { InvalidCommand, NegativeTimeout, SandboxFailed, type CommandExecError } from "./CommandExecError.ts"
import * as CommandOutput from "./CommandOutput.ts"
import { ConfigStore } from "./ConfigStore.ts"
import { Connection } from "./Connection.ts"
import { ConnectionCommands } from "./ConnectionCommands.ts"
import * as ExitDetails from "./ExitDetails.ts"
import { HostInfo } from "./HostInfo.ts"
import { Limits } from "./Limits.ts"
import * as LongText from "./LongText.ts"
import type { NamedProcesses } from "./NamedProcesses.ts"
import * as RequestedStreams from "./RequestedStreams.ts"
import { RequestSlot } from "./RequestSlot.ts"
import * as SandboxRules from "./SandboxRules.ts"
import { ConnectionReady } from "./ServedRpcs.ts"
import { shellEnvironment } from "./ShellEnvironment.ts"
import * as TerminalSize from "./TerminalSize.ts"
import { fromCommandExecError } from "./WireErrors.ts"

/** Tells `apply_patch` inside commands to keep line endings, as the original does for this method alone. */
const ADDED_ENV = { CODEX_APPLY_PATCH_PRESERVE_LINE_ENDINGS: "1" }

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
  if (size != null && TerminalSize.isEmpty(size)) return invalid("EmptySize")
  const needsId = params.streamStdin === true || RequestedStreams.isStreamed(params)
  return needsId && params.processId == null ? invalid("ProcessIdRequired") : undefined
}

/** Does something to a command, by its name. */
const followUp = (act: (processes: NamedProcesses) => Effect.Effect<void, CommandExecError>) =>
  Connection.pipe(
    Effect.flatMap(({ processIds }) => act(processIds)),
    Effect.mapBoth({ onSuccess: () => ({}), onFailure: fromCommandExecError })
  )

export const layer = CommandExecRpcs.middleware(ConnectionReady).toLayer(
  Effect.gen(function* () {
    const commands = yield* ConnectionCommands
    const { maxBufferedBytes } = yield* Limits
    const host = yield* HostInfo
    const path = yield* Path.Path
    const configured = (yield* ConfigStore).startup
    const environment = CommandEnvironment.over({
      ...shellEnvironment(configured.shellEnvironmentPolicy, host.env),
      ...ADDED_ENV
    })

    const directory = (cwd: string | null | undefined): string => {
      if (cwd == null) return host.cwd
      return cwd === "~" || cwd.startsWith("~/")
        ? path.join(host.home, cwd.slice(1))
        : path.resolve(host.cwd, cwd)
    }

    const commandOf = (params: CommandExecParams) => {
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
      return Result.map(sandbox, (sandbox): Omit<Command, "owner"> => ({
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
        ...RequestedStreams.of(params),
        sandbox
      }))
    }

    /** Runs the command to its end in the Scope of its request, under its process id if it has one. */
    const run = Effect.fnUntraced(function* (params: CommandExecParams) {
      const refused = problem(params)
      if (refused !== undefined) return yield* Effect.fail(refused)
      const connection = yield* Connection
      const slot = yield* RequestSlot
      const command = yield* Effect.fromResult(commandOf(params))
      const start = commands.start(command)
      const running = yield* params.processId == null
        ? start
        : connection.processIds.start(params.processId, start)
      yield* slot.release
      const { text } = RequestedStreams.isStreamed(params)
        ? yield* CommandOutput.stream(connection, "command/exec/outputDelta", params.processId!, running)
        : yield* CommandOutput.collect(running, maxBufferedBytes)
      const exit = yield* Effect.mapError(
        running.exit,
        ({ problem }) => new SandboxFailed({ problem: String(text.stderr).trim() || problem })
      )
      const { drainTimedOut, exitCode } = exit
      const details = ExitDetails.isAsked(connection) ? { ...ExitDetails.of(exit), drainTimedOut } : {}
      return LongText.message({ exitCode, ...details }, text)
    })

    return {
      "command/exec": (params) => Effect.mapError(run(params), fromCommandExecError),
      "command/exec/write": ({ processId, ...input }) =>
        followUp((processes) => processes.write(processId, input)),
      "command/exec/resize": ({ processId, size }) =>
        followUp((processes) => processes.resize(processId, size)),
      "command/exec/terminate": ({ processId }) => followUp((processes) => processes.terminate(processId))
    }
  })
)
