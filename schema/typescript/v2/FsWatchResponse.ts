// GENERATED from the schemas of the server. Changes made here are lost.
import type { AbsolutePathBuf } from "../AbsolutePathBuf"

export type FsWatchResponse = {
  /** The path without `.`, `..` and what is doubled; links stay. */
  path: AbsolutePathBuf
}
