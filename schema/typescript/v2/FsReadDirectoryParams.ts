// GENERATED from the schemas of the server. Changes made here are lost.
import type { AbsolutePathBuf } from "../AbsolutePathBuf"

/** Lists a directory. Never sandboxed. */
export type FsReadDirectoryParams = {
  /** Absolute; links are followed. */
  path: AbsolutePathBuf
}
