// GENERATED from the schemas of the server. Changes made here are lost.
import type { TextPosition } from "./TextPosition"

export type TextRange = {
  start: TextPosition
  end: TextPosition
}
