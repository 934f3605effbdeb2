/** The configuration of apps: defaults, single apps, their tools and their accounts. */
import * as Schema from "effect/Schema"
import { ApprovalsReviewer } from "./ConfigValues.ts"
import { defaulted, nullable } from "./Primitives.ts"

export const AppToolApproval = Schema.Literals(["auto", "prompt", "writes", "approve"]).annotate({
  identifier: "AppToolApproval"
})

export const ToolExposureSurface = Schema.Union([
  Schema.Literal("code_mode").annotate({ description: "Callable from code that the model writes." }),
  Schema.Literal("deferred").annotate({ description: "Found by searching." }),
  Schema.Literal("direct").annotate({ description: "Shown to the model from the start." })
]).annotate({ identifier: "ToolExposureSurface", description: "A way in which a tool reaches the model." })

export const AppToolConfig = Schema.Struct({
  enabled: nullable(Schema.Boolean),
  approval_mode: nullable(AppToolApproval)
}).annotate({ identifier: "AppToolConfig" })

export const AppToolsConfig = Schema.Record(Schema.String, AppToolConfig).annotate({
  identifier: "AppToolsConfig"
})

export const AppLinkConfig = Schema.Struct({
  approvals_reviewer: nullable(ApprovalsReviewer),
  default_tools_approval_mode: nullable(AppToolApproval)
}).annotate({ identifier: "AppLinkConfig", description: "What holds for one account of an app." })

export const AppLinksConfig = Schema.Record(Schema.String, AppLinkConfig).annotate({
  identifier: "AppLinksConfig",
  description: "What holds for the accounts of an app, by the id of the account's link."
})

export const AppConfig = Schema.Struct({
  enabled: defaulted(Schema.Boolean, true),
  omit_tools_from: nullable(Schema.Array(ToolExposureSurface)).annotateKey({
    description: "Where the tools of this app are not to be had."
  }),
  approvals_reviewer: nullable(ApprovalsReviewer),
  destructive_enabled: nullable(Schema.Boolean),
  open_world_enabled: nullable(Schema.Boolean),
  default_tools_approval_mode: nullable(AppToolApproval),
  default_tools_enabled: nullable(Schema.Boolean),
  tools: nullable(AppToolsConfig),
  links: nullable(AppLinksConfig).annotateKey({ description: "What holds for single accounts." })
}).annotate({ identifier: "AppConfig" })

export const AppsDefaultConfig = Schema.Struct({
  enabled: defaulted(Schema.Boolean, true),
  approvals_reviewer: nullable(ApprovalsReviewer),
  destructive_enabled: defaulted(Schema.Boolean, true),
  open_world_enabled: defaulted(Schema.Boolean, true),
  default_tools_approval_mode: nullable(AppToolApproval)
}).annotate({ identifier: "AppsDefaultConfig" })

// an index signature holds for every member, so it has to leave out the one that is something else
const AppName = Schema.String.check(Schema.isPattern(/^(?!_default$)/))

export const AppsConfig = Schema.StructWithRest(
  Schema.Struct({ _default: defaulted(Schema.NullOr(AppsDefaultConfig), null) }),
  [Schema.Record(AppName, AppConfig)]
).annotate({ identifier: "AppsConfig" })
