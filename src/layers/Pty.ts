/** A program on a new terminal, of which the server has both sides. There are two ways to one. */
import type { CommandExecTerminalSize } from "../rpc/CommandExec.ts"
import type { ExitStatus, SpawnSpec } from "../services/ProcessSpawner.ts"

/** Tells when to read on. */
export interface Lookout {
  /** Whether it is worth a read to add to a chunk of output of so many bytes, so many of them by the last read. */
  readonly hasMore: (length: number, lastRead: number) => boolean
  /** Somebody types at the terminal. */
  readonly typed: () => void
}

export interface Pty {
  readonly pid: number
  /** The server's side. It does not block. */
  readonly master: number
  /** The program's side. */
  readonly slave: number
  readonly resize: (size: CommandExecTerminalSize) => void
  readonly lookout: Lookout
}

export interface PtyRequest {
  /** What all that descends from the program carries. */
  readonly mark: string
  readonly spec: SpawnSpec
  /** The program, where it does not come from a launcher. */
  readonly file: string
  readonly size: CommandExecTerminalSize
  /** Called once, later. */
  readonly onExit: (status: ExitStatus) => void
}

/**
 * Starts the leader of a new session: the program controls the terminal; a launcher does not, what it starts will.
 * Throws an error with a code, and nothing is left.
 */
export type StartPty = (request: PtyRequest) => Pty
