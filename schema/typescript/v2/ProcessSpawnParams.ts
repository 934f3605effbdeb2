// GENERATED from the schemas of the server. Changes made here are lost.
import type { AbsolutePathBuf } from "../AbsolutePathBuf"
import type { ProcessTerminalSize } from "./ProcessTerminalSize"

/** Starts a process and answers as soon as it runs. Every `process/outputDelta` and then one `process/exited` follow. Never sandboxed. Its processes end with it, and with the connection. */
export type ProcessSpawnParams = {
  /** Program and arguments; no shell in between. The program is looked up in the process' own PATH. */
  command: Array<string>
  /** The client's name for the process, unique among the running ones of its connection; not empty. */
  processHandle: string
  /** Working directory. */
  cwd: AbsolutePathBuf
  /** Run on a terminal. Implies `streamStdin` and `streamStdoutStderr`; all output is on `stdout`. */
  tty?: boolean
  /** Accept `process/writeStdin`. Without it stdin is `/dev/null`. */
  streamStdin?: boolean
  /** Send output as `process/outputDelta` while it comes; the strings of `process/exited` are empty then. */
  streamStdoutStderr?: boolean
  /** Bytes kept of each of stdout and stderr, 1048576 by default; what comes after is read and thrown away. Null keeps all, or without streaming as much as a notification may hold, 134217728. */
  outputBytesCap?: number | null
  /** Milliseconds after which the process is killed and ends with exit code 124; 10000 by default, 0 is at once, null is never. */
  timeoutMs?: number | null
  /** Variables to set, or with null to remove, over the server's environment. */
  env?: { [key in string]?: string | null } | null
  /** First size of the terminal, 24 rows of 80 columns by default. Only with `tty`. */
  size?: ProcessTerminalSize | null
}
