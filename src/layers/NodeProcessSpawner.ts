/**
 * Processes on this machine: on pipes or on a terminal, whatever the request asks for. Two layers start them, by
 * native calls or by Node and node-pty; a third chooses.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { SpawnError } from "../services/CommandExecError.ts"
import { ProcessSpawner, type SpawnSpec } from "../services/ProcessSpawner.ts"
import * as SystemError from "../services/SystemError.ts"
import * as AddonPty from "./AddonPty.ts"
import * as ArgumentLimits from "./ArgumentLimits.ts"
import * as Native from "./Native.ts"
import * as NativePty from "./NativePty.ts"
import * as PipedProcess from "./PipedProcess.ts"
import * as Prepared from "./Prepared.ts"
import * as ProcessHost from "./ProcessHost.ts"
import * as ProgramLookup from "./ProgramLookup.ts"
import * as PtyAddon from "./PtyAddon.ts"
import * as SpareProcess from "./SpareProcess.ts"
import * as TerminalProcess from "./TerminalProcess.ts"

/** The libc calls that Node lacks cannot be made here; the message says why. */
export class NativeUnavailable extends Data.TaggedError("NativeUnavailable")<{ readonly message: string }> {}

const make = (
  native: Native.Native | undefined
): Effect.Effect<ProcessSpawner["Service"], never, Scope.Scope> =>
  Effect.map(ProcessHost.make(native), (host) => {
    const { natively } = host
    const startPty = natively ? NativePty.make(host, natively) : AddonPty.make(host)
    return {
      spawn: (spec, output) => {
        const { io, launcher, spare } = spec
        const found = lookUp(spec, native !== undefined && !launcher && !spare)
        if ("problem" in found) return Effect.fail(new SpawnError({ message: found.problem }))
        const { file } = found
        if ("rows" in io) return TerminalProcess.spawn(host, startPty, spec, file, io, output)
        return spare === undefined
          ? PipedProcess.spawn(host, spec, file, io, output)
          : Effect.sync(() => spare(output))
      },
      ...(native && { spawnSpare: Effect.succeed(SpareProcess.spawn(host, native)) }),
      endOwner: host.endOwner
    }
  })

const makeNative = Effect.suspend(() => {
  const loaded = Native.load()
  return "native" in loaded
    ? make(loaded.native)
    : Effect.fail(new NativeUnavailable({ message: loaded.unavailable }))
})

/** Says soon after the start, not at the first terminal, that node-pty is not what it was. */
const checkTerminals = Effect.try({ try: PtyAddon.load, catch: String }).pipe(
  Effect.catch((problem) => Effect.logWarning(`commands cannot run on terminals: ${problem}`))
)

const makePortable = Effect.tap(make(undefined), checkTerminals)

const makeBest = Effect.catchTag(makeNative, "NativeUnavailable", ({ message }) =>
  Effect.andThen(
    Effect.logWarning(
      `processes that leave their session and clear their environment may outlive their command: ${message}`
    ),
    makePortable
  )
)

/**
 * By native calls: `posix_spawn(3)`, terminals of our own, ownership marks. Fails where they cannot be made: on
 * another system than Linux, without koffi or its binary for this machine, with EFFECT_APP_SERVER_NATIVE=off.
 */
export const layerNative: Layer.Layer<ProcessSpawner, NativeUnavailable> = Layer.effect(
  ProcessSpawner,
  makeNative
)

/** By `node:child_process` and node-pty, with weaker guarantees: decisions 3, 9 and 12 say which. */
export const layerPortable: Layer.Layer<ProcessSpawner> = Layer.effect(ProcessSpawner, makePortable)

/**
 * As `layerNative`, or as `layerPortable` and a line in the log that says why. It is made ready before the first
 * process starts, not before the server listens.
 */
export const layer: Layer.Layer<ProcessSpawner> = Layer.effect(
  ProcessSpawner,
  Effect.gen(function* () {
    let made: ProcessSpawner["Service"] | undefined
    const prepared = yield* Prepared.once(Effect.map(makeBest, (spawner) => (made = spawner)))
    // without koffi it does not take long, and warns, which is better read before the server listens
    if (Native.excluded() !== undefined) yield* prepared
    yield* Prepared.later(prepared)
    return {
      spawn: (spec, output) =>
        made === undefined
          ? Effect.flatMap(prepared, (spawner) => spawner.spawn(spec, output))
          : made.spawn(spec, output),
      spawnSpare: Effect.flatMap(prepared, ({ spawnSpare }) => spawnSpare ?? Effect.succeed(undefined)),
      // before it is prepared nobody has started anything
      endOwner: (owner) => (made === undefined ? Effect.void : made.endOwner(owner))
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
