// GENERATED from the schemas of the server. Changes made here are lost.
import type { AllowDenyRequirement } from "./AllowDenyRequirement"

export type BrowserUseOriginPolicyConfig = {
  access: AllowDenyRequirement | null
  downloads: AllowDenyRequirement | null
  uploads: AllowDenyRequirement | null
  full_cdp_access: AllowDenyRequirement | null
}
