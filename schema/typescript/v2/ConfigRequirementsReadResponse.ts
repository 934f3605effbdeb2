// GENERATED from the schemas of the server. Changes made here are lost.
import type { ConfigRequirements } from "./ConfigRequirements"

export type ConfigRequirementsReadResponse = {
  /** Whether the fast modes are required or forbidden one by one; otherwise one stands for all. */
  supportsIndependentSpeedModes: boolean | null
  /** Null where nobody requires anything. */
  requirements: ConfigRequirements | null
}
