// GENERATED from the schemas of the server. Changes made here are lost.
import type { ProcessTerminalSize } from "./ProcessTerminalSize"

/** Gives a terminal another size; its foreground processes get SIGWINCH. */
export type ProcessResizePtyParams = {
  /** The client's name for the process, unique among the running ones of its connection; not empty. */
  processHandle: string
  /** The new size. */
  size: ProcessTerminalSize
}
