// GENERATED from the schemas of the server. Changes made here are lost.

export type TextPosition = {
  /** From 1. */
  line: number
  /** From 1, in characters. */
  column: number
}
