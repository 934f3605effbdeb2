// GENERATED from the schemas of the server. Changes made here are lost.
import type { AbsolutePathBuf } from "../AbsolutePathBuf"

/** Reads one regular file, by default of at most 67108864 bytes. Never sandboxed. */
export type FsReadFileParams = {
  /** Absolute; links are followed. */
  path: AbsolutePathBuf
}
