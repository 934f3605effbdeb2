// GENERATED from the schemas of the server. Changes made here are lost.
import type { AbsolutePathBuf } from "../AbsolutePathBuf"

/** Makes a directory. Never sandboxed. */
export type FsCreateDirectoryParams = {
  /** Absolute. */
  path: AbsolutePathBuf
  /** True by default: makes the directories above, too, and is content with a directory that is there. */
  recursive?: boolean | null
}
