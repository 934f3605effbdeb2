/** What an organisation requires of the network and of the desktop application. */
import * as Schema from "effect/Schema"
import { UInt16, nullable } from "./Primitives.ts"

export const NetworkDomainPermission = Schema.Literals(["allow", "deny"]).annotate({
  identifier: "NetworkDomainPermission"
})

export const NetworkUnixSocketPermission = Schema.Literals(["allow", "deny"]).annotate({
  identifier: "NetworkUnixSocketPermission"
})

export const NetworkRequirements = Schema.Struct({
  enabled: nullable(Schema.Boolean),
  httpPort: nullable(UInt16).annotateKey({ description: "The port of the HTTP proxy." }),
  socksPort: nullable(UInt16).annotateKey({ description: "The port of the SOCKS proxy." }),
  allowUpstreamProxy: nullable(Schema.Boolean),
  dangerouslyAllowNonLoopbackProxy: nullable(Schema.Boolean),
  dangerouslyAllowAllUnixSockets: nullable(Schema.Boolean),
  domains: nullable(Schema.Record(Schema.String, NetworkDomainPermission)).annotateKey({
    description: "What holds for each domain."
  }),
  reviewDomains: nullable(Schema.Array(Schema.String)).annotateKey({
    description: "Patterns of hosts for which approval is asked before rules that allow are looked at."
  }),
  managedAllowedDomainsOnly: nullable(Schema.Boolean).annotateKey({
    description: "Only what the organisation allows is allowed."
  }),
  allowedDomains: nullable(Schema.Array(Schema.String)).annotateKey({
    description: "What `domains` allows, for earlier clients."
  }),
  deniedDomains: nullable(Schema.Array(Schema.String)).annotateKey({
    description: "What `domains` denies, for earlier clients."
  }),
  unixSockets: nullable(Schema.Record(Schema.String, NetworkUnixSocketPermission)).annotateKey({
    description: "What holds for each unix socket."
  }),
  allowUnixSockets: nullable(Schema.Array(Schema.String)).annotateKey({
    description: "What `unixSockets` allows, for earlier clients."
  }),
  allowLocalBinding: nullable(Schema.Boolean)
}).annotate({ identifier: "NetworkRequirements" })

/** A path in the words of whoever wrote it: any text, for it may be of another system. */
export const LegacyAppPathString = Schema.String.annotate({
  identifier: "LegacyAppPathString",
  description: "A path as some system writes it, absolute or not."
})

export const ApplicationNetworkRequirements = Schema.Struct({
  enabled: Schema.Boolean.annotateKey({ description: "Only domains that are allowed may be contacted." }),
  domains: Schema.Record(Schema.String, NetworkDomainPermission)
}).annotate({ identifier: "ApplicationNetworkRequirements" })

export const ApplicationStorageRequirements = Schema.Struct({
  defaultProjectParent: nullable(LegacyAppPathString),
  projectlessWorkspaceRoot: nullable(LegacyAppPathString)
}).annotate({
  identifier: "ApplicationStorageRequirements",
  description: "Where the desktop application puts new workspaces; it restricts no access."
})

export const ApplicationRequirements = Schema.Struct({
  network: nullable(ApplicationNetworkRequirements),
  storage: nullable(ApplicationStorageRequirements)
}).annotate({ identifier: "ApplicationRequirements" })
