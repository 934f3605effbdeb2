// GENERATED from the schemas of the server. Changes made here are lost.
import type { AllowDenyRequirement } from "./AllowDenyRequirement"

export type ComputerUseWindowsExeConfig = {
  publisher_name: string
  product_name: string
  binary_name: string | null
  access: AllowDenyRequirement
}
