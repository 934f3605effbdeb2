// GENERATED from the schemas of the server. Changes made here are lost.
import type { CommandExecTerminalSize } from "./CommandExecTerminalSize"
import type { SandboxPolicy } from "./SandboxPolicy"

/** Runs one command. The answer comes when it is over, after every `command/exec/outputDelta`. Its processes end with it, and with the connection. */
export type CommandExecParams = {
  /** Program and arguments; no shell in between. The program is looked up in the command's own PATH. */
  command: Array<string>
  /** The client's name for the command, unique among the running commands of its connection. Needed for `tty`, `streamStdin`, `streamStdoutStderr` and for every follow-up. */
  processId?: string | null
  /** Run on a terminal. Implies `streamStdin` and `streamStdoutStderr`; all output is on `stdout`. */
  tty?: boolean
  /** Accept `command/exec/write`. Without it stdin is `/dev/null`. */
  streamStdin?: boolean
  /** Send output as `command/exec/outputDelta` while it comes; the answer's strings are empty then. */
  streamStdoutStderr?: boolean
  /** Bytes kept of each of stdout and stderr, 1048576 by default; what comes after is read and thrown away. Not together with `disableOutputCap`. */
  outputBytesCap?: number | null
  /** Keep all output. */
  disableOutputCap?: boolean
  /** Let the command run as long as it likes. */
  disableTimeout?: boolean
  /** Milliseconds after which the command is killed and answered with exit code 124; 10000 by default, 0 is at once. Not together with `disableTimeout`. */
  timeoutMs?: number | null
  /** Working directory; a relative one starts at the server's, a leading `~` is the home directory. By default the server's. */
  cwd?: string | null
  /** Variables to set, or with null to remove, over the environment that the server computes. */
  env?: { [key in string]?: string | null } | null
  /** First size of the terminal, 24 rows of 80 columns by default. Only with `tty`. */
  size?: CommandExecTerminalSize | null
  /** What the command may touch, instead of what the configuration says. Not together with `permissionProfile`. */
  sandboxPolicy?: SandboxPolicy | null
  /** Name of the permission profile to run under: `:read-only`, `:workspace` or `:danger-full-access`. Not together with `sandboxPolicy`. */
  permissionProfile?: string | null
}
