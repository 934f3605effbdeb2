// GENERATED from the schemas of the server. Changes made here are lost.
import type { AbsolutePathBuf } from "../AbsolutePathBuf"

/** From the answer on `fs/changed` tells when the path changes, or what is directly in it. It ends with `fs/unwatch` or the connection. Never sandboxed. */
export type FsWatchParams = {
  /** The client's name for the watch, unique among those of its connection. */
  watchId: string
  /** Absolute; a file or a directory, which need not exist yet. */
  path: AbsolutePathBuf
}
