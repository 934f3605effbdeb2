// GENERATED from the schemas of the server. Changes made here are lost.

/** The size of a terminal. */
export type ProcessTerminalSize = {
  /** Height in character cells, 1 to 65535. */
  rows: number
  /** Width in character cells, 1 to 65535. */
  cols: number
}
