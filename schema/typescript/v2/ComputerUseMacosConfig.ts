// GENERATED from the schemas of the server. Changes made here are lost.
import type { AllowDenyRequirement } from "./AllowDenyRequirement"

export type ComputerUseMacosConfig = {
  bundle_ids: { [key in string]?: AllowDenyRequirement } | null
}
