// GENERATED from the schemas of the server. Changes made here are lost.
import type { ConfigLayerSource } from "./ConfigLayerSource"

export type ConfigLayerMetadata = {
  name: ConfigLayerSource
  version: string
}
