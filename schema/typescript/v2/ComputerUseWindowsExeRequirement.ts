// GENERATED from the schemas of the server. Changes made here are lost.
import type { AllowDenyRequirement } from "./AllowDenyRequirement"

export type ComputerUseWindowsExeRequirement = {
  publisherName: string
  productName: string
  binaryName: string | null
  access: AllowDenyRequirement
}
