// GENERATED from the schemas of the server. Changes made here are lost.
import type { TextRange } from "./TextRange"

/** A problem of the server's configuration, told to each client after `initialize`. */
export type ConfigWarningNotification = {
  /** One line for a person. */
  summary: string
  /** More, where there is more to say. */
  details: string | null
  /** The file that the warning is about. */
  path?: string
  /** The place in that file. */
  range?: TextRange
}
