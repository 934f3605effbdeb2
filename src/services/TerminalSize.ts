/** The sizes of terminals, in character cells. */
import type { CommandExecTerminalSize } from "../rpc/CommandExec.ts"

/** Rows and columns of a terminal when the request does not say (measured on Codex 0.169.0). */
export const DEFAULT: CommandExecTerminalSize = { rows: 24, cols: 80 }

export const isEmpty = (size: CommandExecTerminalSize): boolean => size.rows === 0 || size.cols === 0
