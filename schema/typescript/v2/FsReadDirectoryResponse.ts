// GENERATED from the schemas of the server. Changes made here are lost.
import type { FsReadDirectoryEntry } from "./FsReadDirectoryEntry"

export type FsReadDirectoryResponse = {
  /** In no order, hidden ones included; links that lead nowhere are left out. */
  entries: Array<FsReadDirectoryEntry>
}
