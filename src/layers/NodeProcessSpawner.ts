/** Processes on this machine: on pipes or on a terminal, whatever the request asks for. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SpawnError } from "../services/CommandExecError.ts"
import type { OutputBuffer } from "../services/OutputBuffer.ts"
import { ProcessSpawner, type SpawnSpec } from "../services/ProcessSpawner.ts"
import * as SystemError from "../services/SystemError.ts"
import * as ArgumentLimits from "./ArgumentLimits.ts"
import * as Native from "./Native.ts"
import * as PipedProcess from "./PipedProcess.ts"
import * as Prepared from "./Prepared.ts"
import * as ProcessHost from "./ProcessHost.ts"
import * as ProgramLookup from "./ProgramLookup.ts"
import * as PtyAddon from "./PtyAddon.ts"
import * as SpareProcess from "./SpareProcess.ts"
import * as TerminalProcess from "./TerminalProcess.ts"

/** Says soon after the start, not at the first terminal, that node-pty is not what it was. */
const checkTerminals = Effect.try({ try: PtyAddon.load, catch: String }).pipe(
  Effect.catch((problem) => Effect.logWarning(`commands cannot run on terminals: ${problem}`))
)

const start = (
  host: ProcessHost.ProcessHost,
  spec: SpawnSpec,
  output: OutputBuffer
): ReturnType<ProcessSpawner["Service"]["spawn"]> => {
  const { io, launcher, spare } = spec
  const tellsErrors = host.native !== undefined && !launcher && !spare && !("rows" in io)
  const found = lookUp(spec, tellsErrors)
  if ("problem" in found) return Effect.fail(new SpawnError({ message: found.problem }))
  if ("rows" in io) return TerminalProcess.spawn(host, spec, io, output)
  return spare === undefined
    ? PipedProcess.spawn(host, spec, found.file, io, output)
    : Effect.sync(() => spare(output))
}

/** The machine is prepared for processes before the first one starts, not before the server listens. */
export const layer: Layer.Layer<ProcessSpawner> = Layer.effect(
  ProcessSpawner,
  Effect.gen(function* () {
    let host: ProcessHost.ProcessHost | undefined
    const prepared = yield* Prepared.once(Effect.map(ProcessHost.make, (made) => (host = made)))
    // without koffi it does not take long, and warns, which is better read before the server listens
    if (Native.excluded() !== undefined) yield* prepared
    yield* Prepared.later(Effect.andThen(prepared, checkTerminals))
    return {
      spawn: (spec, output) =>
        host === undefined
          ? Effect.flatMap(prepared, (host) => start(host, spec, output))
          : start(host, spec, output),
      spawnSpare: Effect.map(prepared, (host) => host.native && SpareProcess.spawn(host, host.native)),
      // before it is prepared nobody has started anything
      endOwner: (owner) => (host === undefined ? Effect.void : host.endOwner(owner))
    }
  })
)

/**
 * The file to start, or why the process cannot start, as far as that can be known before, and as far as it must be:
 * `posix_spawn(3)` tells every error of the system itself.
 */
const lookUp = (
  spec: SpawnSpec,
  tellsErrors: boolean
): { readonly file: string } | { readonly problem: string } => {
  const { argv, cwd, env, io } = spec
  if (argv[0] === "") return { problem: `missing program for ${"rows" in io ? "PTY" : "pipe"} spawn` }
  if ([cwd, ...argv].some((text) => text.includes("\0")))
    return { problem: "nul byte found in provided data" }
  for (const name in env) {
    if (name.includes("\0") || env[name]!.includes("\0"))
      return { problem: "data provided contains a nul byte" }
  }
  const found = tellsErrors
    ? ProgramLookup.locate(spec)
    : ArgumentLimits.exceeded(spec)
      ? { code: "E2BIG" }
      : ProgramLookup.lookUp(spec)
  return "code" in found ? { problem: SystemError.textOf(found.code) } : found
}
