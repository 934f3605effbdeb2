// GENERATED from the schemas of the server. Changes made here are lost.
import type { NetworkDomainPermission } from "./NetworkDomainPermission"

export type ApplicationNetworkRequirements = {
  /** Only domains that are allowed may be contacted. */
  enabled: boolean
  domains: { [key in string]?: NetworkDomainPermission }
}
