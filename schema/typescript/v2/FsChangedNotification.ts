// GENERATED from the schemas of the server. Changes made here are lost.
import type { AbsolutePathBuf } from "../AbsolutePathBuf"

/** Something changed under a watch, within 200 ms of the first of these changes. */
export type FsChangedNotification = {
  /** As given in `fs/watch`. */
  watchId: string
  /** What was made, changed, moved or removed, sorted, each once. The watched path alone stands for more than 1000. */
  changedPaths: Array<AbsolutePathBuf>
}
