// GENERATED from the schemas of the server. Changes made here are lost.
import type { AbsolutePathBuf } from "../AbsolutePathBuf"

/** Copies a regular file with its mode, a link, or a directory with all of these that are in it, which joins what is there. A file replaces the content of another one; a link replaces nothing. Never sandboxed. */
export type FsCopyParams = {
  /** Absolute. A link is copied as a link. */
  sourcePath: AbsolutePathBuf
  /** Absolute: the copy's own path, not the directory to put it in. */
  destinationPath: AbsolutePathBuf
  /** Has to be true for a directory; does not matter for anything else. */
  recursive?: boolean
}
