// GENERATED from the schemas of the server. Changes made here are lost.
import type { AllowDenyRequirement } from "./AllowDenyRequirement"

export type ComputerUseMacosRequirements = {
  bundleIds: { [key in string]?: AllowDenyRequirement } | null
}
