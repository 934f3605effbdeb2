/**
 * The port through which processes start. What is behind it owns the operating system's side: pipes, terminals,
 * process groups. What is in front of it knows none of that.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { CommandExecTerminalSize } from "../rpc/CommandExec.ts"
import type { SpawnError } from "./CommandExecError.ts"
import type { OutputBuffer } from "./OutputBuffer.ts"

/** Bytes of stdin that may wait before a write waits, too: as much as the largest pipe holds. */
export const EAGER_STDIN_BYTES = 1024 * 1024

/** A program that starts another one, confined. */
export interface Launcher {
  /**
   * The words to start in place of the command's, the program by its absolute path. On a terminal it has to make the
   * command the leader of a session that controls it.
   */
  readonly wrap: (argv: SpawnSpec["argv"], terminal: boolean) => SpawnSpec["argv"]
  /** Its own environment; it knows the command's by other means. */
  readonly env: Readonly<Record<string, string>>
  /** What it inherits as descriptors 3, 4 and so on; they stay open as long as the command's Scope. */
  readonly descriptors: ReadonlyArray<number>
  /** Whether it started the command; known when it has ended. */
  readonly started: () => boolean
}

/** A process on pipes, without stdin, that was started before it was known what for and waits for a script. */
export interface Spare {
  /** Whether it still runs, as far as is known, and has no script yet. */
  readonly isWaiting: () => boolean
  /** Hands it the script, once; from now on it is a command whose output goes to `output`. */
  readonly run: (script: Uint8Array, output: OutputBuffer) => RunningProcess
}

/** What to start. */
export interface SpawnSpec {
  /** Program and arguments; the program is looked up in the PATH of `env`, or from `cwd` if it has a slash. */
  readonly argv: readonly [string, ...Array<string>]
  /** Absolute. */
  readonly cwd: string
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>
  /** Whose process it is: everything of an owner can be ended together. */
  readonly owner: number
  /** Standard streams: pipes, with stdin or with `/dev/null` in its place, or a terminal of this size. */
  readonly io: { readonly stdin: boolean } | CommandExecTerminalSize
  /** Nobody sees the output before the command is over, so it need not be read as it comes. */
  readonly collected?: boolean
  /** What starts it, where it does not start by itself. */
  readonly launcher?: Launcher
  /** What it runs in, instead of a start. */
  readonly spare?: (output: OutputBuffer) => RunningProcess
}

/**
 * How a process ended: it exited with a code, or a signal killed it, which has a number and a name, or its launcher
 * ended without having started it.
 */
export type ExitStatus =
  | { readonly code: number }
  | { readonly signal: number; readonly name: string }
  | { readonly notStarted: true }

/** A process that leads a session and a process group of its own. */
export interface RunningProcess {
  readonly pid: number
  /**
   * Done when the process has ended. On a terminal everything that it wrote has then been pushed; on pipes the
   * buffer ends when the last writer closes them, which may be never.
   */
  readonly exit: Effect.Effect<ExitStatus>
  /** Bytes for stdin that the system has not taken yet. */
  readonly pendingInput: () => number
  /**
   * Queues bytes for stdin, and its end behind them if `end` is set (on a terminal: a newline and its EOF
   * character). Done at once while no more than `EAGER_STDIN_BYTES` wait, else when the system has taken these;
   * false when it never will.
   */
  readonly write: (bytes: Uint8Array, end: boolean) => Effect.Effect<boolean>
  /** Changes the size of the terminal; nothing on pipes. */
  readonly resize: (size: CommandExecTerminalSize) => Effect.Effect<void>
  /** SIGKILL to whatever is left of the process group, at once. */
  readonly kill: Effect.Effect<void>
  /** Ends every process that descends from it, wherever it moved to; gives how many there were besides the group. */
  readonly killTree: Effect.Effect<number>
}

/**
 * Starts what waits for a script on a pipe, the descriptor behind those of the launcher. It ends with the Scope at
 * the latest.
 */
export type SpawnSpare = (
  argv: SpawnSpec["argv"],
  launcher: Launcher
) => Effect.Effect<Spare, SpawnError, Scope.Scope>

export class ProcessSpawner extends Context.Service<
  ProcessSpawner,
  {
    /** Starts a process whose output goes to `output`. What is left of it is ended when the Scope closes. */
    readonly spawn: (
      spec: SpawnSpec,
      output: OutputBuffer
    ) => Effect.Effect<RunningProcess, SpawnError, Scope.Scope>
    /** What starts spares; not every spawner can, and not on every machine. */
    readonly spawnSpare?: Effect.Effect<SpawnSpare | undefined>
    /** Ends every process of an owner, also those that outlived their command. */
    readonly endOwner: (owner: number) => Effect.Effect<void>
  }
>()("effect-app-server/ProcessSpawner") {}
