// GENERATED from the schemas of the server. Changes made here are lost.
import type { JsonValue } from "../serde_json/JsonValue"

export type AnalyticsConfig = {
  enabled: boolean | null
} & { [key in string]?: JsonValue }
