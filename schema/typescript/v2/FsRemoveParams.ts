// GENERATED from the schemas of the server. Changes made here are lost.
import type { AbsolutePathBuf } from "../AbsolutePathBuf"

/** Removes a file, a link or a directory. Never sandboxed. */
export type FsRemoveParams = {
  /** Absolute. A link is removed itself, not what it leads to. */
  path: AbsolutePathBuf
  /** True by default: removes all that is in a directory, too. Without it a directory has to be empty. */
  recursive?: boolean | null
  /** True by default: is content when nothing is at the path. */
  force?: boolean | null
}
