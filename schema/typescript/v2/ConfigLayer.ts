// GENERATED from the schemas of the server. Changes made here are lost.
import type { ConfigLayerSource } from "./ConfigLayerSource"
import type { JsonValue } from "../serde_json/JsonValue"

export type ConfigLayer = {
  name: ConfigLayerSource
  version: string
  config: JsonValue
  disabledReason: string | null
}
