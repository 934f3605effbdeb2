/** `config/read`: the effective configuration, where each value comes from, and the layers it is made of. */
import * as Schema from "effect/Schema"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import { AppsConfig } from "./ConfigApps.ts"
import { BrowserUseConfig, ComputerUseConfig } from "./ConfigComputerUse.ts"
import {
  AnalyticsConfig,
  ApprovalsReviewer,
  AskForApproval,
  AutoCompactTokenLimitScope,
  ForcedChatgptWorkspaceIds,
  ForcedLoginMethod,
  ReasoningEffort,
  ReasoningSummary,
  SandboxMode,
  SandboxWorkspaceWrite,
  ToolsV2,
  Verbosity,
  WebSearchMode,
  WebSearchProvider
} from "./ConfigValues.ts"
import {
  AbsolutePathBuf,
  BigInt64,
  JsonValue,
  PathString,
  UInt,
  defaulted,
  nullable,
  omittable,
  optional,
  optionalNullable
} from "./Primitives.ts"
import { WireError } from "./WireError.ts"

export const ConfigReadParams = Schema.Struct({
  includeLayers: optional(Schema.Boolean).annotateKey({ description: "Also answer with `layers`." }),
  cwd: optionalNullable(Schema.String).annotateKey({
    description: "Directory whose project configuration counts, too."
  })
}).annotate({ identifier: "ConfigReadParams" })
export type ConfigReadParams = typeof ConfigReadParams.Type

/** Where a layer of the configuration comes from. */
export const ConfigLayerSource = Schema.Union([
  Schema.Struct({
    type: Schema.Literal("packagedDefaults"),
    file: AbsolutePathBuf.annotateKey({ description: "The file that came with the program." })
  }).annotate({ description: "Defaults that came with the program." }),
  Schema.Struct({ type: Schema.Literal("mdm"), domain: Schema.String, key: Schema.String }).annotate({
    description: "Preferences that an administrator put on a Mac."
  }),
  Schema.Struct({
    type: Schema.Literal("system"),
    file: AbsolutePathBuf.annotateKey({ description: "The configuration of the machine; it need not exist." })
  }).annotate({ description: "The configuration of the machine." }),
  Schema.Struct({
    type: Schema.Literal("enterpriseManaged"),
    id: Schema.String.annotateKey({ description: "Names the layer for programs." }),
    name: Schema.String.annotateKey({ description: "Names the layer for the people who administer it." })
  }).annotate({ description: "Configuration that an organisation hands out." }),
  Schema.Struct({
    type: Schema.Literal("user"),
    file: AbsolutePathBuf.annotateKey({ description: "The configuration of the user; it need not exist." }),
    profile: nullable(Schema.String).annotateKey({
      description: "The profile whose file this is, where it is not the user's main file."
    })
  }).annotate({ description: "The configuration of the user." }),
  Schema.Struct({ type: Schema.Literal("project"), dotCodexFolder: AbsolutePathBuf }).annotate({
    description: "The `.codex` directory of a project, from its root down to the working directory."
  }),
  Schema.Struct({ type: Schema.Literal("sessionFlags") }).annotate({
    description: "What was said on the command line."
  }),
  Schema.Struct({
    type: Schema.Literal("legacyManagedConfigTomlFromFile"),
    file: AbsolutePathBuf
  }).annotate({ description: "Managed configuration in the file of earlier versions." }),
  Schema.Struct({ type: Schema.Literal("legacyManagedConfigTomlFromMdm") })
]).annotate({ identifier: "ConfigLayerSource" })
export type ConfigLayerSource = typeof ConfigLayerSource.Type

export const ConfigLayerMetadata = Schema.Struct({
  name: ConfigLayerSource,
  version: Schema.String
}).annotate({ identifier: "ConfigLayerMetadata" })
export type ConfigLayerMetadata = typeof ConfigLayerMetadata.Type

export const ConfigLayer = Schema.Struct({
  name: ConfigLayerSource,
  version: Schema.String,
  config: JsonValue,
  disabledReason: nullable(Schema.String)
}).annotate({ identifier: "ConfigLayer" })
export type ConfigLayer = typeof ConfigLayer.Type

/** The members that have a type; whatever else the configuration holds is passed on as it is. */
export const Config = Schema.StructWithRest(
  Schema.Struct({
    model: nullable(Schema.String),
    review_model: nullable(Schema.String),
    model_context_window: nullable(BigInt64),
    model_auto_compact_token_limit: nullable(BigInt64),
    model_auto_compact_token_limit_scope: nullable(AutoCompactTokenLimitScope),
    model_provider: nullable(Schema.String),
    approval_policy: nullable(AskForApproval),
    approvals_reviewer: nullable(ApprovalsReviewer).annotateKey({
      description: "Who is asked where nothing more specific says so."
    }),
    sandbox_mode: nullable(SandboxMode),
    sandbox_workspace_write: nullable(SandboxWorkspaceWrite),
    forced_chatgpt_workspace_id: nullable(ForcedChatgptWorkspaceIds),
    forced_login_method: nullable(ForcedLoginMethod),
    web_search: nullable(WebSearchMode),
    client_search_provider: nullable(WebSearchProvider).annotateKey({
      description: "Counts where the model does not say which provider it wants."
    }),
    tools: nullable(ToolsV2),
    instructions: nullable(Schema.String),
    developer_instructions: nullable(Schema.String),
    compact_prompt: nullable(Schema.String),
    model_reasoning_effort: nullable(ReasoningEffort),
    model_reasoning_summary: nullable(ReasoningSummary),
    model_verbosity: nullable(Verbosity),
    service_tier: nullable(Schema.String),
    analytics: nullable(AnalyticsConfig),
    apps: defaulted(Schema.NullOr(AppsConfig), null).annotateKey({ experimental: true }),
    browser_use: nullable(BrowserUseConfig),
    computer_use: nullable(ComputerUseConfig),
    desktop: nullable(Schema.Record(Schema.String, JsonValue))
  }),
  [Schema.Record(Schema.String, JsonValue)]
).annotate({ identifier: "Config" })
export type Config = typeof Config.Type

export const ConfigReadResponse = Schema.Struct({
  config: Config,
  origins: Schema.Record(Schema.String, ConfigLayerMetadata),
  layers: nullable(Schema.Array(ConfigLayer))
}).annotate({ identifier: "ConfigReadResponse" })
export type ConfigReadResponse = typeof ConfigReadResponse.Type

export const TextPosition = Schema.Struct({
  line: UInt.annotateKey({ description: "From 1." }),
  column: UInt.annotateKey({ description: "From 1, in characters." })
}).annotate({ identifier: "TextPosition" })

export const TextRange = Schema.Struct({ start: TextPosition, end: TextPosition }).annotate({
  identifier: "TextRange"
})

export const ConfigWarningNotification = Schema.Struct({
  summary: Schema.String.annotateKey({ description: "One line for a person." }),
  details: nullable(Schema.String).annotateKey({ description: "More, where there is more to say." }),
  path: omittable(PathString).annotateKey({ description: "The file that the warning is about." }),
  range: omittable(TextRange).annotateKey({ description: "The place in that file." })
}).annotate({
  identifier: "ConfigWarningNotification",
  description: "A problem of the server's configuration, told to each client after `initialize`."
})
export type ConfigWarningNotification = typeof ConfigWarningNotification.Type

export class ConfigRpcs extends RpcGroup.make(
  Rpc.make("config/read", { payload: ConfigReadParams, success: ConfigReadResponse, error: WireError })
) {}
