// GENERATED from the schemas of the server. Changes made here are lost.
import type { CommandExecOutputStream } from "./CommandExecOutputStream"

/** A piece of streamed output. */
export type CommandExecOutputDeltaNotification = {
  /** As given in `command/exec`. */
  processId: string
  /** Where the bytes were written to. */
  stream: CommandExecOutputStream
  /** The bytes, as the command wrote them, at most 64 KiB. */
  deltaBase64: string
  /** The cap of this stream is full; nothing follows on it. */
  capReached: boolean
}
