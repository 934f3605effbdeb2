// GENERATED from the schemas of the server. Changes made here are lost.
import type { AbsolutePathBuf } from "../AbsolutePathBuf"
import type { ProcessTerminalSize } from "./ProcessTerminalSize"

/** Starts a process and answers at once; its end is a notification. Never sandboxed. */
export type ProcessSpawnParams = {
  /** Program and arguments; no shell in between. */
  command: Array<string>
  /** The client's name for the process, unique among the running ones of its connection; not empty. */
  processHandle: string
  /** Working directory. */
  cwd: AbsolutePathBuf
  /** Run on a terminal. Implies `streamStdin` and `streamStdoutStderr`. */
  tty?: boolean
  /** Accept `process/writeStdin`. */
  streamStdin?: boolean
  /** Send output as `process/outputDelta` while it comes. */
  streamStdoutStderr?: boolean
  /** Bytes kept of each of stdout and stderr, 1048576 by default; null keeps all. */
  outputBytesCap?: number | null
  /** Milliseconds after which the process is killed, 10000 by default; null is never. */
  timeoutMs?: number | null
  /** Variables to set, or with null to remove, over the server's environment. */
  env?: { [key in string]?: string | null } | null
  /** First size of the terminal. Only with `tty`. */
  size?: ProcessTerminalSize | null
}
