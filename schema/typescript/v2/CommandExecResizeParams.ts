// GENERATED from the schemas of the server. Changes made here are lost.
import type { CommandExecTerminalSize } from "./CommandExecTerminalSize"

/** Gives a terminal another size; its foreground processes get SIGWINCH. */
export type CommandExecResizeParams = {
  /** Names a running command of this connection. */
  processId: string
  /** The new size. */
  size: CommandExecTerminalSize
}
