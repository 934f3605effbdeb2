// GENERATED from the schemas of the server. Changes made here are lost.
import type { AbsolutePathBuf } from "../AbsolutePathBuf"

/** Tells what is at a path. Where a link leads to counts, but for `isSymlink`. Never sandboxed. */
export type FsGetMetadataParams = {
  /** Absolute. */
  path: AbsolutePathBuf
}
