// GENERATED from the schemas of the server. Changes made here are lost.
import type { JsonValue } from "../serde_json/JsonValue"
import type { MergeStrategy } from "./MergeStrategy"

export type ConfigValueWriteParams = {
  /** Dotted key; its segments may be quoted. */
  keyPath: string
  /** The new value; null removes the key. */
  value: JsonValue
  mergeStrategy: MergeStrategy
  /** The file to write, by default the user's `config.toml`, and no other may be written. */
  filePath?: string | null
  /** The version of the file that the change starts from; another one is a conflict. */
  expectedVersion?: string | null
}
