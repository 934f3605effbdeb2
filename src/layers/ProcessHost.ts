/**
 * What all processes on this machine have in common, on pipes and on terminals: they are started under a mark,
 * guarded by the watchdog while they lead a group, and ended with everything that descends from them.
 */
import * as os from "node:os"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ExitStatus, Launcher } from "../services/ProcessSpawner.ts"
import * as ProcessSweeper from "../services/ProcessSweeper.ts"
import * as Resource from "../services/Resource.ts"
import * as ChildReaper from "./ChildReaper.ts"
import * as InheritedDescriptors from "./InheritedDescriptors.ts"
import type * as Native from "./Native.ts"
import * as OwnershipMark from "./OwnershipMark.ts"
import * as ProcessTables from "./ProcessTables.ts"
import * as Watchdog from "./Watchdog.ts"
import { YoungPipes } from "./YoungPipes.ts"

/** How long the leader of a killed group may take to be reaped; only uninterruptible sleep takes longer. */
const REAP_TIME = "1 second"

/** What starts processes by native calls, and what they need then. */
export interface NativeHost {
  readonly native: Native.Native
  readonly young: YoungPipes
  /** Tells the end of what was started natively, once, later. */
  readonly onExit: ChildReaper.ChildReaper["onExit"]
}

export interface ProcessHost {
  /** Missing where native calls cannot be made. */
  readonly natively: NativeHost | undefined
  readonly descriptors: InheritedDescriptors.InheritedDescriptors
  /** A mark for one more command of this owner. */
  readonly mark: (owner: number) => string
  /** What the environment of a marked process has in addition. */
  readonly environment: (mark: string) => Readonly<Record<string, string>>
  /** Starts a process, synchronously, under a mark; `start` gives its pid, or nothing when it did not start. */
  readonly start: <A>(mark: string, start: () => A, pidOf: (started: A) => number | undefined) => A
  /** SIGKILL to all of a group; an empty one is fine. */
  readonly killGroup: (pgid: number) => void
  /** As `killGroup`, and to the leader, which right after a fork may not lead it yet; a reaped one is left alone. */
  readonly killLed: (pid: number, exit: Deferred.Deferred<ExitStatus>) => Effect.Effect<void>
  /** The leader of a group is reaped. */
  readonly ended: (pid: number) => void
  /** Ends a command whose leader may still run, waits until it is reaped, and then closes what the server has of it. */
  readonly end: (
    pid: number,
    mark: string,
    exit: Deferred.Deferred<ExitStatus>,
    close: () => void
  ) => Effect.Effect<void>
  /** Ends everything that carries the mark; gives how many processes that were. */
  readonly sweep: (mark: string) => Effect.Effect<number>
  /** Ends everything of an owner. */
  readonly endOwner: (owner: number) => Effect.Effect<void>
}

/**
 * How a command ended, by how what was started for it ended. A launcher that exited without having started its
 * command is told apart from the command; one that was killed is not, because its command is killed with it.
 */
export const commandStatus = (launcher: Launcher | undefined, status: ExitStatus): ExitStatus =>
  "code" in status && launcher?.started() === false ? { notStarted: true } : status

/** How a child of Node's ended. */
export const childStatus = (code: number | null, signal: NodeJS.Signals | null): ExitStatus =>
  signal === null ? { code: code! } : { signal: os.constants.signals[signal], name: signal }

const killByNode = (pid: number) => {
  try {
    process.kill(pid, "SIGKILL")
  } catch {
    // nobody left, or nobody that we may kill
  }
}

/** What was started here and is not reaped; all hosts of this process see each other's children. */
const own = new Set<number>()

const makeNatively = Effect.fnUntraced(function* (
  native: Native.Native
): Effect.fn.Return<NativeHost, never, Scope.Scope> {
  const { onExit } = yield* ChildReaper.run(native, (pid) => own.has(pid))
  const young = new YoungPipes(native.poll)
  yield* Resource.onClose(Effect.sync(() => young.close()))
  return { native, onExit, young }
})

/** Prepares this machine; the watchdog and the reaper work as long as the Scope lives. */
export const make = Effect.fnUntraced(function* (
  native: Native.Native | undefined
): Effect.fn.Return<ProcessHost, never, Scope.Scope> {
  const server = OwnershipMark.server()
  const sweeper = yield* ProcessSweeper.make(
    native ? ProcessTables.byLimit(server) : ProcessTables.byEnvironment(server)
  )
  const watchdog = yield* Watchdog.run(server, native !== undefined, own)
  const natively = native && (yield* makeNatively(native))

  const kill = native?.kill ?? killByNode
  const killGroup = (pgid: number) => kill(-pgid)
  const killLed: ProcessHost["killLed"] = (pid, exit) =>
    Effect.sync(() => {
      killGroup(pid)
      if (!Deferred.isDoneUnsafe(exit)) kill(pid)
    })

  let commands = 0
  const ownerMark = (owner: number) => OwnershipMark.owner(server, owner)
  return {
    natively,
    descriptors: InheritedDescriptors.make(native),
    mark: (owner) => OwnershipMark.command(ownerMark(owner), ++commands),
    environment: (mark) => (native === undefined ? { [ProcessTables.MARK_VARIABLE]: mark } : {}),
    start: (mark, start, pidOf) => {
      const started = native === undefined ? start() : native.marked(BigInt(mark), start)
      const pid = pidOf(started)
      if (pid !== undefined) {
        own.add(pid)
        // a native mark leads the watchdog to all of it, so it need not be told of each command
        if (native === undefined) watchdog.guard(pid)
      }
      return started
    },
    killGroup,
    killLed,
    ended: (pid) => {
      own.delete(pid)
      if (native === undefined) watchdog.release(pid)
    },
    end: (pid, mark, exit, close) =>
      Effect.suspend(() =>
        // once the leader is reaped its number may be another's: the service has killed the rest by then
        Deferred.isDoneUnsafe(exit)
          ? Effect.sync(close)
          : killLed(pid, exit).pipe(
              Effect.andThen(Effect.timeoutOption(Deferred.await(exit), REAP_TIME)),
              Effect.andThen(sweeper.end(mark)),
              Effect.andThen(Effect.sync(close))
            )
      ),
    sweep: sweeper.end,
    endOwner: (owner) => Effect.asVoid(sweeper.end(ownerMark(owner)))
  }
})
