// GENERATED from the schemas of the server. Changes made here are lost.
import type { ConfigEdit } from "./ConfigEdit"

export type ConfigBatchWriteParams = {
  /** Each sees the ones before it. All of them are written, or none. */
  edits: Array<ConfigEdit>
  /** The file to write, by default the user's `config.toml`, and no other may be written. */
  filePath?: string | null
  /** The version of the file that the change starts from; another one is a conflict. */
  expectedVersion?: string | null
  /** Accepted for compatibility: this server has no threads that would take up new settings. */
  reloadUserConfig?: boolean
}
