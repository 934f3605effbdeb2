// GENERATED from the schemas of the server. Changes made here are lost.
import type { ProcessOutputStream } from "./ProcessOutputStream"

/** A piece of streamed output. */
export type ProcessOutputDeltaNotification = {
  /** As given in `process/spawn`. */
  processHandle: string
  /** Where the bytes were written to. */
  stream: ProcessOutputStream
  /** The bytes, as the process wrote them, at most 64 KiB. */
  deltaBase64: string
  /** The cap of this stream is full; nothing follows on it. */
  capReached: boolean
}
