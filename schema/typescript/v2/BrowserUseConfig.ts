// GENERATED from the schemas of the server. Changes made here are lost.
import type { BrowserUseOriginPolicyConfig } from "./BrowserUseOriginPolicyConfig"

export type BrowserUseConfig = {
  allow_history_access: boolean | null
  default_origin_policy: BrowserUseOriginPolicyConfig | null
  origins: { [key in string]?: BrowserUseOriginPolicyConfig } | null
}
