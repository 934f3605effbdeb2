// GENERATED from the schemas of the server. Changes made here are lost.
import type { WebSearchToolConfig } from "../WebSearchToolConfig"

export type ToolsV2 = {
  web_search: WebSearchToolConfig | null
}
