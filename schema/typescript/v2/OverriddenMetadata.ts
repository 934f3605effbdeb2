// GENERATED from the schemas of the server. Changes made here are lost.
import type { ConfigLayerMetadata } from "./ConfigLayerMetadata"
import type { JsonValue } from "../serde_json/JsonValue"

/** Why what was written has no effect: a stronger layer says something else. */
export type OverriddenMetadata = {
  /** One sentence for a person. */
  message: string
  /** The stronger layer. */
  overridingLayer: ConfigLayerMetadata
  /** The value that counts. */
  effectiveValue: JsonValue
}
