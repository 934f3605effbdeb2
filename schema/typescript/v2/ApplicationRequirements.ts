// GENERATED from the schemas of the server. Changes made here are lost.
import type { ApplicationNetworkRequirements } from "./ApplicationNetworkRequirements"
import type { ApplicationStorageRequirements } from "./ApplicationStorageRequirements"

export type ApplicationRequirements = {
  network: ApplicationNetworkRequirements | null
  storage: ApplicationStorageRequirements | null
}
