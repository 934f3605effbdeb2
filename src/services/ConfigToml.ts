/** What is known of the values in a `config.toml`: as in an answer to `config/read`, and what only files have. */
import * as Record from "effect/Record"
import * as Schema from "effect/Schema"
import { Config } from "../rpc/Config.ts"
import { AskForApproval, SandboxMode, WebSearchToolConfig } from "../rpc/ConfigValues.ts"
import { PathString, UInt, nullable } from "../rpc/Primitives.ts"

/** What `approval_policy` may be called: `granular` has a table, `on-failure` was given up. */
export const ApprovalWord = Schema.Literals(["untrusted", "on-failure", "on-request", "granular", "never"])

const SandboxWorkspaceWrite = Schema.Struct({
  writable_roots: nullable(Schema.Array(PathString)),
  network_access: nullable(Schema.Boolean),
  exclude_tmpdir_env_var: nullable(Schema.Boolean),
  exclude_slash_tmp: nullable(Schema.Boolean)
}).annotate({ identifier: "SandboxWorkspaceWrite" })

const ShellEnvironmentPolicy = Schema.Struct({
  inherit: nullable(Schema.Literals(["core", "all", "none"])),
  ignore_default_excludes: nullable(Schema.Boolean),
  exclude: nullable(Schema.Array(Schema.String)),
  set: nullable(Schema.Record(Schema.String, Schema.String)),
  include_only: nullable(Schema.Array(Schema.String)),
  filters: nullable(Schema.Unknown),
  experimental_use_profile: nullable(Schema.Boolean)
}).annotate({ identifier: "ShellEnvironmentPolicyToml" })

/** What is a table, whatever it holds, and what the original calls it. */
export const TABLES = {
  agents: "struct AgentsToml",
  features: "struct FeaturesToml",
  hooks: "struct HooksToml",
  marketplaces: "a map",
  mcp_servers: "a map",
  memories: "struct MemoriesToml",
  model_providers: "a map",
  notice: "struct Notice",
  otel: "struct OtelConfigToml",
  plugins: "struct PluginsConfigToml",
  profiles: "a map",
  skills: "struct SkillsConfig",
  tui: "struct Tui"
}
const Table = nullable(Schema.Record(Schema.String, Schema.Unknown))

/** The values that are looked at; whatever else a file holds is passed on as it is. */
export const ConfigToml = Schema.Struct({
  ...Config.schema.fields,
  approval_policy: nullable(Schema.Union([Schema.Literal("on-failure"), AskForApproval])),
  sandbox_mode: nullable(SandboxMode),
  sandbox_workspace_write: nullable(SandboxWorkspaceWrite),
  shell_environment_policy: nullable(ShellEnvironmentPolicy),
  tools: nullable(
    // a switch in earlier versions
    Schema.Struct({ web_search: nullable(Schema.Union([Schema.Boolean, WebSearchToolConfig])) }).annotate({
      identifier: "ToolsToml"
    })
  ),
  analytics: nullable(
    Schema.Struct({ enabled: nullable(Schema.Boolean) }).annotate({ identifier: "AnalyticsConfigToml" })
  ),
  history: nullable(
    Schema.Struct({
      persistence: nullable(Schema.Literals(["save-all", "none"])),
      max_bytes: nullable(UInt)
    }).annotate({ identifier: "History" })
  ),
  model_reasoning_effort: nullable(
    Schema.String.check(Schema.isPattern(/^[^]/, { message: "reasoning_effort must not be empty" }))
  ),
  notify: nullable(Schema.Array(Schema.String)),
  profile: nullable(Schema.String),
  project_root_markers: nullable(Schema.Array(Schema.String)),
  projects: nullable(
    Schema.Record(
      Schema.String,
      Schema.Struct({ trust_level: nullable(Schema.Literals(["trusted", "untrusted"])) }).annotate({
        identifier: "ProjectConfig"
      })
    )
  ),
  log_dir: nullable(PathString),
  sqlite_home: nullable(PathString),
  ...Record.map(TABLES, () => Table)
})
export type ConfigToml = typeof ConfigToml.Type

/** What decides which project layers there are. */
export const ProjectKeys = Schema.Struct({
  project_root_markers: ConfigToml.fields.project_root_markers,
  projects: ConfigToml.fields.projects
})
