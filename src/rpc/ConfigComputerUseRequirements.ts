/** What an organisation requires of the use of browsers and of programs with a window. */
import * as Schema from "effect/Schema"
import { AllowDenyRequirement } from "./ConfigComputerUse.ts"
import { nullable } from "./Primitives.ts"

export const ComputerUseMacosRequirements = Schema.Struct({
  bundleIds: nullable(Schema.Record(Schema.String, AllowDenyRequirement))
}).annotate({ identifier: "ComputerUseMacosRequirements" })

export const ComputerUseWindowsExeRequirement = Schema.Struct({
  publisherName: Schema.String,
  productName: Schema.String,
  binaryName: nullable(Schema.String),
  access: AllowDenyRequirement
}).annotate({ identifier: "ComputerUseWindowsExeRequirement" })

export const ComputerUseWindowsRequirements = Schema.Struct({
  aumids: nullable(Schema.Record(Schema.String, AllowDenyRequirement)),
  exes: nullable(Schema.Array(ComputerUseWindowsExeRequirement))
}).annotate({ identifier: "ComputerUseWindowsRequirements" })

export const ComputerUseRequirements = Schema.Struct({
  allowLockedComputerUse: nullable(Schema.Boolean),
  allowPersistentApproval: nullable(Schema.Boolean),
  defaultAppAccess: nullable(AllowDenyRequirement),
  macos: nullable(ComputerUseMacosRequirements),
  windows: nullable(ComputerUseWindowsRequirements)
}).annotate({ identifier: "ComputerUseRequirements" })

export const RequestHeader = Schema.Struct({ name: Schema.String, value: Schema.String }).annotate({
  identifier: "RequestHeader"
})

export const BrowserUseExtensionRequirements = Schema.Struct({
  requestHeaders: nullable(Schema.Array(RequestHeader))
}).annotate({ identifier: "BrowserUseExtensionRequirements" })

export const BrowserUseAccessApprovalLifetime = Schema.Literals(["turn", "thread"]).annotate({
  identifier: "BrowserUseAccessApprovalLifetime",
  description: "How long an approval holds."
})

export const BrowserUseOriginPolicy = Schema.Struct({
  access: nullable(AllowDenyRequirement),
  downloads: nullable(AllowDenyRequirement),
  uploads: nullable(AllowDenyRequirement),
  fullCdpAccess: nullable(AllowDenyRequirement),
  autoReview: nullable(AllowDenyRequirement),
  persistentApproval: nullable(Schema.Boolean),
  accessApprovalLifetime: nullable(BrowserUseAccessApprovalLifetime)
}).annotate({ identifier: "BrowserUseOriginPolicy" })

export const BrowserUseRequirements = Schema.Struct({
  extension: nullable(BrowserUseExtensionRequirements),
  allowWebmcp: nullable(Schema.Boolean),
  allowHistoryAccess: nullable(Schema.Boolean),
  disableAutoReview: nullable(Schema.Boolean),
  allowGlobalPersistentApproval: nullable(Schema.Boolean),
  defaultOriginPolicy: nullable(BrowserUseOriginPolicy),
  origins: nullable(Schema.Record(Schema.String, BrowserUseOriginPolicy))
}).annotate({ identifier: "BrowserUseRequirements" })

export const InAppBrowserRequirements = Schema.Struct({
  allowExternalBrowserSettingsImport: nullable(Schema.Boolean)
}).annotate({ identifier: "InAppBrowserRequirements" })
