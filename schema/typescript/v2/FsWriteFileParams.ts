// GENERATED from the schemas of the server. Changes made here are lost.
import type { AbsolutePathBuf } from "../AbsolutePathBuf"

/** Makes a file, or replaces the content of one, which keeps its mode and its links. Never sandboxed. */
export type FsWriteFileParams = {
  /** Absolute; links are followed. The directory has to be there. */
  path: AbsolutePathBuf
  /** The whole content: standard alphabet, padded, nothing else in between. */
  dataBase64: string
}
