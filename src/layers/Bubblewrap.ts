/** Starts commands in a bubblewrap sandbox, whether or not that was shown to work here. */
import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { SandboxUnavailable } from "../services/CommandExecError.ts"
import type { Launcher } from "../services/ProcessSpawner.ts"
import { environment, type Confinable, type Sandbox } from "../services/Sandbox.ts"
import type { SandboxRules } from "../services/SandboxRules.ts"
import * as SystemError from "../services/SystemError.ts"
import * as BubblewrapArguments from "./BubblewrapArguments.ts"
import { isGone } from "./ProcessTables.ts"
import * as RealPath from "./RealPath.ts"
import * as SeccompFilter from "./SeccompFilter.ts"
import * as UnlinkedFile from "./UnlinkedFile.ts"
import { WritableRoots, type Plan } from "./WritableRoots.ts"

/** The programs that it takes, by absolute path. */
export interface Programs {
  readonly bwrap: string
  /** `setsid(1)`, for terminals. */
  readonly setsid: string
}

/**
 * The first descriptors that a launcher inherits. The options come by one, too: the command's environment is
 * nobody's to read in a list of processes, and bwrap must not run under it, for LD_PRELOAD would work outside.
 */
const OPTIONS = 3
const FILTER = 4
const STATUS = 5

/** What bwrap takes, options and the command's words together (MAX_ARGS of 0.8.0), and what it is started with. */
const MAX_WORDS = 9000
const OWN_WORDS = 8

/** How long the rest of a sandbox may take to end once its first process has; it is on its way. */
const END_TIME = "2 seconds"
const END_POLL = "2 millis"

type Confined = Extract<SandboxRules, { readonly _tag: "Confined" }>

interface Started {
  readonly plan: Plan
  /** By their places at the launcher. Options and status are one file: it reads to the end, and writes from there. */
  readonly descriptors: readonly [options: number, filter: number, status: number]
  readonly optionsLength: number
}

/** Where the launcher of a confined command says what became of it: behind its options. */
export const statusFile = ({ descriptors }: Launcher): number => descriptors[STATUS - OPTIONS]!

/** What the launcher said so far of what became of it. */
const statusOf = ({ descriptors: [, , status], optionsLength }: Started): string =>
  UnlinkedFile.text(status, optionsLength)

const launcher = ({ bwrap, setsid }: Programs, started: Started): Launcher => ({
  wrap: (argv, terminal) => [
    bwrap,
    // or signals to the command's own group would reach bwrap
    ...(terminal ? [] : ["--new-session"]),
    "--args",
    String(OPTIONS),
    "--",
    ...(terminal ? [setsid, "-c", "--"] : []),
    ...argv
  ],
  env: {},
  descriptors: started.descriptors,
  started: () => statusOf(started).includes('"exit-code"')
})

/**
 * A sandbox of these programs.
 *
 * @param further paths that no command may write
 */
export const make = (programs: Programs, further: ReadonlyArray<string> = []): Sandbox["Service"] => {
  const roots = new WritableRoots(further.map((file) => RealPath.resolve(file)?.real ?? file))
  const filters = {
    closed: SeccompFilter.build(process.arch, { network: false }),
    open: SeccompFilter.build(process.arch, { network: true })
  }
  const root = process.geteuid?.() === 0

  const start = (rules: Confined, command: Confinable): Started | SandboxUnavailable => {
    const { network, policy, writableRoots } = rules
    const unavailable = (problem: string) => new SandboxUnavailable({ policy, problem })
    const filter = network ? filters.open : filters.closed
    if (filter === undefined) return unavailable(`there is no seccomp filter for ${process.arch}`)
    const planned = roots.plan(writableRoots)
    if ("problem" in planned) return unavailable(planned.problem)
    const { plan } = planned
    const env = environment(rules, command.env)
    const options = BubblewrapArguments.optionsOf({
      plan,
      network,
      cwd: command.cwd,
      env,
      filter: FILTER,
      status: STATUS,
      root
    })
    const words = options.length + command.argv.length + OWN_WORDS
    if (words > MAX_WORDS) {
      return unavailable(
        `bubblewrap takes ${MAX_WORDS} words, and the command with its environment is ${words}`
      )
    }
    const bytes = BubblewrapArguments.bytesOf(options)
    const opened: Array<number> = []
    try {
      for (const content of [bytes, filter]) opened.push(UnlinkedFile.open(content))
    } catch (error) {
      opened.forEach(fs.closeSync)
      return unavailable(SystemError.text(error))
    }
    roots.begin(plan)
    const [file, program] = opened as [number, number]
    return { plan, descriptors: [file, program, file], optionsLength: bytes.length }
  }

  const end = Effect.fnUntraced(function* (started: Started) {
    const { descriptors, plan } = started
    const ended = plan.masks.length === 0 || (yield* awaitEnd(statusOf(started)))
    // otherwise what stands in must stay for good
    if (ended) roots.end(plan)
    for (const fd of new Set(descriptors)) fs.closeSync(fd)
  })

  const acquire = (rules: Confined, command: Confinable) =>
    Effect.acquireRelease(
      Effect.suspend(() => {
        const started = start(rules, command)
        return "_tag" in started ? Effect.fail(started) : Effect.succeed(started)
      }),
      end
    )

  return {
    confine: (rules, command) => {
      const env = environment(rules, command.env)
      return rules._tag === "Unconfined"
        ? Effect.succeed({ env })
        : Effect.map(acquire(rules, command), (started) => ({
            env,
            launcher: launcher(programs, started)
          }))
    }
  }
}

/** Waits for the end of the namespace, whose first process ends last; whether it came. */
const awaitEnd = (status: string): Effect.Effect<boolean> => {
  const pid = Number(/"child-pid": (\d+)/.exec(status)?.[1] ?? 0)
  const end: Effect.Effect<void> = Effect.suspend(() =>
    pid === 0 || isGone(pid) ? Effect.void : Effect.andThen(Effect.sleep(END_POLL), end)
  )
  return Effect.map(Effect.timeoutOption(end, END_TIME), Option.isSome)
}
