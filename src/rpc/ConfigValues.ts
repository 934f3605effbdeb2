/** The types of the single values in the configuration that `config/read` answers with. */
import * as Schema from "effect/Schema"
import { JsonValue, defaulted, nullable } from "./Primitives.ts"

/** A literal with a description of its own. */
const described = <const L extends string>(literal: L, description: string) =>
  Schema.Literal(literal).annotate({ description })

export const AutoCompactTokenLimitScope = Schema.Union([
  described("total", "Everything in the context counts."),
  described("body_after_prefix", "What follows the fixed beginning of the context counts.")
]).annotate({
  identifier: "AutoCompactTokenLimitScope",
  description: "Which tokens count towards `model_auto_compact_token_limit`."
})

export const AskForApproval = Schema.Union([
  Schema.Literal("untrusted"),
  Schema.Literal("on-request"),
  Schema.Struct({
    granular: Schema.Struct({
      sandbox_approval: Schema.Boolean,
      rules: Schema.Boolean,
      skill_approval: defaulted(Schema.Boolean, false),
      request_permissions: defaulted(Schema.Boolean, false),
      mcp_elicitations: Schema.Boolean
    })
  }).annotate({ closed: true }),
  Schema.Literal("never")
]).annotate({ identifier: "AskForApproval" })

export const ApprovalsReviewer = Schema.Literals(["user", "auto_review", "guardian_subagent"]).annotate({
  identifier: "ApprovalsReviewer",
  description: "Who decides on a request for approval: the user, or a model that weighs its risk."
})

export const SandboxMode = Schema.Literals(["read-only", "workspace-write", "danger-full-access"]).annotate({
  identifier: "SandboxMode"
})

export const SandboxWorkspaceWrite = Schema.Struct({
  writable_roots: defaulted(Schema.Array(Schema.String), []),
  network_access: defaulted(Schema.Boolean, false),
  exclude_tmpdir_env_var: defaulted(Schema.Boolean, false),
  exclude_slash_tmp: defaulted(Schema.Boolean, false)
}).annotate({ identifier: "SandboxWorkspaceWrite" })

export const ForcedChatgptWorkspaceIds = Schema.Union([Schema.String, Schema.Array(Schema.String)]).annotate({
  identifier: "ForcedChatgptWorkspaceIds",
  description: "The only workspaces in which a login counts: one, or a list of them."
})

export const ForcedLoginMethod = Schema.Literals(["chatgpt", "api"]).annotate({
  identifier: "ForcedLoginMethod"
})

export const WebSearchMode = Schema.Literals(["disabled", "cached", "indexed", "live"]).annotate({
  identifier: "WebSearchMode"
})

export const WebSearchProvider = Schema.Literals(["standalone", "search_mcp"]).annotate({
  identifier: "WebSearchProvider",
  description: "Who searches the web."
})

export const WebSearchContextSize = Schema.Literals(["low", "medium", "high"]).annotate({
  identifier: "WebSearchContextSize"
})

export const WebSearchLocation = Schema.Struct({
  country: nullable(Schema.String),
  region: nullable(Schema.String),
  city: nullable(Schema.String),
  timezone: nullable(Schema.String)
}).annotate({ identifier: "WebSearchLocation", closed: true })

export const WebSearchToolConfig = Schema.Struct({
  context_size: nullable(WebSearchContextSize),
  allowed_domains: nullable(Schema.Array(Schema.String)),
  location: nullable(WebSearchLocation)
}).annotate({ identifier: "WebSearchToolConfig", closed: true })

export const ToolsV2 = Schema.Struct({ web_search: nullable(WebSearchToolConfig) }).annotate({
  identifier: "ToolsV2"
})

export const ReasoningEffort = Schema.String.check(Schema.isMinLength(1)).annotate({
  identifier: "ReasoningEffort",
  description: "How long the model thinks, in a word that the model knows."
})

export const ReasoningSummary = Schema.Union([
  Schema.Literal("auto"),
  Schema.Literal("concise"),
  Schema.Literal("detailed"),
  described("none", "No summaries.")
]).annotate({
  identifier: "ReasoningSummary",
  description: "How much the model tells of its reasoning."
})

export const Verbosity = Schema.Literals(["low", "medium", "high"]).annotate({
  identifier: "Verbosity",
  description: "How long the model's answers are."
})

export const AnalyticsConfig = Schema.StructWithRest(Schema.Struct({ enabled: nullable(Schema.Boolean) }), [
  Schema.Record(Schema.String, JsonValue)
]).annotate({ identifier: "AnalyticsConfig" })
