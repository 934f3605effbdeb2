/** The configuration of what may be done in browsers and in programs with a window. */
import * as Schema from "effect/Schema"
import { nullable } from "./Primitives.ts"

export const AllowDenyRequirement = Schema.Literals(["allow", "deny"]).annotate({
  identifier: "AllowDenyRequirement"
})

export const BrowserUseOriginPolicyConfig = Schema.Struct({
  access: nullable(AllowDenyRequirement),
  downloads: nullable(AllowDenyRequirement),
  uploads: nullable(AllowDenyRequirement),
  full_cdp_access: nullable(AllowDenyRequirement)
}).annotate({ identifier: "BrowserUseOriginPolicyConfig" })

export const BrowserUseConfig = Schema.Struct({
  allow_history_access: nullable(Schema.Boolean),
  default_origin_policy: nullable(BrowserUseOriginPolicyConfig),
  origins: nullable(Schema.Record(Schema.String, BrowserUseOriginPolicyConfig))
}).annotate({ identifier: "BrowserUseConfig" })

export const ComputerUseMacosConfig = Schema.Struct({
  bundle_ids: nullable(Schema.Record(Schema.String, AllowDenyRequirement))
}).annotate({ identifier: "ComputerUseMacosConfig" })

export const ComputerUseWindowsExeConfig = Schema.Struct({
  publisher_name: Schema.String,
  product_name: Schema.String,
  binary_name: nullable(Schema.String),
  access: AllowDenyRequirement
}).annotate({ identifier: "ComputerUseWindowsExeConfig" })

export const ComputerUseWindowsConfig = Schema.Struct({
  aumids: nullable(Schema.Record(Schema.String, AllowDenyRequirement)),
  exes: nullable(Schema.Array(ComputerUseWindowsExeConfig))
}).annotate({ identifier: "ComputerUseWindowsConfig" })

export const ComputerUseConfig = Schema.Struct({
  default_app_access: nullable(AllowDenyRequirement),
  macos: nullable(ComputerUseMacosConfig),
  windows: nullable(ComputerUseWindowsConfig)
}).annotate({ identifier: "ComputerUseConfig" })
