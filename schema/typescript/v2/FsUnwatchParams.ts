// GENERATED from the schemas of the server. Changes made here are lost.

/** Ends a watch. No `fs/changed` follows the answer. */
export type FsUnwatchParams = {
  /** As given in `fs/watch`. One that is not in use is fine, too. */
  watchId: string
}
