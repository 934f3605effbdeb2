/** Processes on this machine: on pipes or on a terminal, whatever the request asks for. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SpawnError } from "../services/CommandExecError.ts"
import { ProcessSpawner, type SpawnSpec } from "../services/ProcessSpawner.ts"
import * as SystemError from "../services/SystemError.ts"
import * as ArgumentLimits from "./ArgumentLimits.ts"
import * as PipedProcess from "./PipedProcess.ts"
import * as ProcessHost from "./ProcessHost.ts"
import * as ProgramLookup from "./ProgramLookup.ts"
import * as PtyAddon from "./PtyAddon.ts"
import * as TerminalProcess from "./TerminalProcess.ts"

/** Says at the start, not at the first terminal, that node-pty is not what it was. */
const checkTerminals = Effect.try({ try: PtyAddon.load, catch: String }).pipe(
  Effect.catch((problem) => Effect.logWarning(`commands cannot run on terminals: ${problem}`)),
  Effect.forkScoped
)

export const layer: Layer.Layer<ProcessSpawner> = Layer.effect(
  ProcessSpawner,
  Effect.map(Effect.tap(ProcessHost.make, checkTerminals), (host) => ({
    spawn: (spec, output) => {
      const problem = refusal(spec)
      if (problem !== undefined) return Effect.fail(new SpawnError({ message: problem }))
      return "rows" in spec.io
        ? TerminalProcess.spawn(host, spec, spec.io, output)
        : PipedProcess.spawn(host, spec, spec.io, output)
    },
    endOwner: host.endOwner
  }))
)

/** Why the process cannot start, as far as that can be known before. */
const refusal = (spec: SpawnSpec): string | undefined => {
  const { argv, env, io } = spec
  if (argv[0] === "") return `missing program for ${"rows" in io ? "PTY" : "pipe"} spawn`
  if (argv.some((argument) => argument.includes("\0"))) return "nul byte found in provided data"
  const variables = Object.entries(env)
  if (variables.some(([name, value]) => name.includes("\0") || value.includes("\0"))) {
    return "data provided contains a nul byte"
  }
  const code = ArgumentLimits.exceeded(spec) ? "E2BIG" : ProgramLookup.check(spec)
  return code && SystemError.textOf(code)
}
