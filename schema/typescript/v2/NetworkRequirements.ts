// GENERATED from the schemas of the server. Changes made here are lost.
import type { NetworkDomainPermission } from "./NetworkDomainPermission"
import type { NetworkUnixSocketPermission } from "./NetworkUnixSocketPermission"

export type NetworkRequirements = {
  enabled: boolean | null
  /** The port of the HTTP proxy. */
  httpPort: number | null
  /** The port of the SOCKS proxy. */
  socksPort: number | null
  allowUpstreamProxy: boolean | null
  dangerouslyAllowNonLoopbackProxy: boolean | null
  dangerouslyAllowAllUnixSockets: boolean | null
  /** What holds for each domain. */
  domains: { [key in string]?: NetworkDomainPermission } | null
  /** Patterns of hosts for which approval is asked before rules that allow are looked at. */
  reviewDomains: Array<string> | null
  /** Only what the organisation allows is allowed. */
  managedAllowedDomainsOnly: boolean | null
  /** What `domains` allows, for earlier clients. */
  allowedDomains: Array<string> | null
  /** What `domains` denies, for earlier clients. */
  deniedDomains: Array<string> | null
  /** What holds for each unix socket. */
  unixSockets: { [key in string]?: NetworkUnixSocketPermission } | null
  /** What `unixSockets` allows, for earlier clients. */
  allowUnixSockets: Array<string> | null
  allowLocalBinding: boolean | null
}
