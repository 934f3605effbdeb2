// GENERATED from the schemas of the server. Changes made here are lost.
import type { JsonValue } from "../serde_json/JsonValue"
import type { MergeStrategy } from "./MergeStrategy"

export type ConfigEdit = {
  /** Dotted key; its segments may be quoted. */
  keyPath: string
  /** The new value; null removes the key. */
  value: JsonValue
  mergeStrategy: MergeStrategy
}
