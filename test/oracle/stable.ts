export type AbsolutePathBuf = string;
export type AllowDenyRequirement = "allow" | "deny";
export type AnalyticsConfig = { enabled: boolean | null, } & ({ [key in string]?: number | string | boolean | Array<JsonValue> | { [key in string]?: JsonValue } | null });
export type ApprovalsReviewer = "user" | "auto_review" | "guardian_subagent";
export type AskForApproval = "untrusted" | "on-request" | { "granular": { sandbox_approval: boolean, rules: boolean, skill_approval: boolean, request_permissions: boolean, mcp_elicitations: boolean, } } | "never";
export type AutoCompactTokenLimitScope = "total" | "body_after_prefix";
export type AutoReviewRequirements = { requiredOnModels: Array<string> | null, ignoreRules: Array<string> | null, };
export type BrowserUseAccessApprovalLifetime = "turn" | "thread";
export type BrowserUseConfig = { allow_history_access: boolean | null, default_origin_policy: BrowserUseOriginPolicyConfig | null, origins: { [key in string]?: BrowserUseOriginPolicyConfig } | null, };
export type BrowserUseExtensionRequirements = { requestHeaders: Array<RequestHeader> | null, };
export type BrowserUseOriginPolicy = { access: AllowDenyRequirement | null, downloads: AllowDenyRequirement | null, uploads: AllowDenyRequirement | null, fullCdpAccess: AllowDenyRequirement | null, autoReview: AllowDenyRequirement | null, persistentApproval: boolean | null, accessApprovalLifetime: BrowserUseAccessApprovalLifetime | null, };
export type BrowserUseOriginPolicyConfig = { access: AllowDenyRequirement | null, downloads: AllowDenyRequirement | null, uploads: AllowDenyRequirement | null, full_cdp_access: AllowDenyRequirement | null, };
export type BrowserUseRequirements = { extension: BrowserUseExtensionRequirements | null, allowWebmcp: boolean | null, allowHistoryAccess: boolean | null, disableAutoReview: boolean | null, allowGlobalPersistentApproval: boolean | null, defaultOriginPolicy: BrowserUseOriginPolicy | null, origins: { [key in string]?: BrowserUseOriginPolicy } | null, };
export type CliAuthCredentialsStoreMode = "file" | "keyring" | "auto" | "ephemeral";
export type ClientInfo = { name: string, title: string | null, version: string, };
export type ClientNotification = { "method": "initialized" };
export type ClientRequest = { "method": "initialize", id: RequestId, params: InitializeParams, } | { "method": "fs/readFile", id: RequestId, params: FsReadFileParams, } | { "method": "fs/writeFile", id: RequestId, params: FsWriteFileParams, } | { "method": "fs/createDirectory", id: RequestId, params: FsCreateDirectoryParams, } | { "method": "fs/getMetadata", id: RequestId, params: FsGetMetadataParams, } | { "method": "fs/readDirectory", id: RequestId, params: FsReadDirectoryParams, } | { "method": "fs/remove", id: RequestId, params: FsRemoveParams, } | { "method": "fs/copy", id: RequestId, params: FsCopyParams, } | { "method": "fs/watch", id: RequestId, params: FsWatchParams, } | { "method": "fs/unwatch", id: RequestId, params: FsUnwatchParams, } | { "method": "command/exec", id: RequestId, params: CommandExecParams, } | { "method": "command/exec/write", id: RequestId, params: CommandExecWriteParams, } | { "method": "command/exec/terminate", id: RequestId, params: CommandExecTerminateParams, } | { "method": "command/exec/resize", id: RequestId, params: CommandExecResizeParams, } | { "method": "config/read", id: RequestId, params: ConfigReadParams, } | { "method": "config/value/write", id: RequestId, params: ConfigValueWriteParams, } | { "method": "config/batchWrite", id: RequestId, params: ConfigBatchWriteParams, } | { "method": "configRequirements/read", id: RequestId, params: undefined, };
export type CommandExecOutputDeltaNotification = {
processId: string,
stream: CommandExecOutputStream,
deltaBase64: string,
capReached: boolean, };
export type CommandExecOutputStream = "stdout" | "stderr";
export type CommandExecParams = {command: Array<string>, processId?: string | null, tty?: boolean, streamStdin?: boolean, streamStdoutStderr?: boolean, outputBytesCap?: number | null, disableOutputCap?: boolean, disableTimeout?: boolean, timeoutMs?: number | null, cwd?: string | null, env?: { [key in string]?: string | null } | null, size?: CommandExecTerminalSize | null, sandboxPolicy?: SandboxPolicy | null};
export type CommandExecResizeParams = {
processId: string,
size: CommandExecTerminalSize, };
export type CommandExecResizeResponse = Record<string, never>;
export type CommandExecResponse = {
exitCode: number,
stdout: string,
stderr: string, };
export type CommandExecTerminalSize = {
rows: number,
cols: number, };
export type CommandExecTerminateParams = {
processId: string, };
export type CommandExecTerminateResponse = Record<string, never>;
export type CommandExecWriteParams = {
processId: string,
deltaBase64?: string | null,
closeStdin?: boolean, };
export type CommandExecWriteResponse = Record<string, never>;
export type ComputerUseConfig = { default_app_access: AllowDenyRequirement | null, macos: ComputerUseMacosConfig | null, windows: ComputerUseWindowsConfig | null, };
export type ComputerUseMacosConfig = { bundle_ids: { [key in string]?: AllowDenyRequirement } | null, };
export type ComputerUseMacosRequirements = { bundleIds: { [key in string]?: AllowDenyRequirement } | null, };
export type ComputerUseRequirements = { allowLockedComputerUse: boolean | null, allowPersistentApproval: boolean | null, defaultAppAccess: AllowDenyRequirement | null, macos: ComputerUseMacosRequirements | null, windows: ComputerUseWindowsRequirements | null, };
export type ComputerUseWindowsConfig = { aumids: { [key in string]?: AllowDenyRequirement } | null, exes: Array<ComputerUseWindowsExeConfig> | null, };
export type ComputerUseWindowsExeConfig = { publisher_name: string, product_name: string, binary_name: string | null, access: AllowDenyRequirement, };
export type ComputerUseWindowsExeRequirement = { publisherName: string, productName: string, binaryName: string | null, access: AllowDenyRequirement, };
export type ComputerUseWindowsRequirements = { aumids: { [key in string]?: AllowDenyRequirement } | null, exes: Array<ComputerUseWindowsExeRequirement> | null, };
export type Config = {model: string | null, review_model: string | null, model_context_window: bigint | null, model_auto_compact_token_limit: bigint | null, model_auto_compact_token_limit_scope: AutoCompactTokenLimitScope | null, model_provider: string | null, approval_policy: AskForApproval | null, approvals_reviewer: ApprovalsReviewer | null, sandbox_mode: SandboxMode | null, sandbox_workspace_write: SandboxWorkspaceWrite | null, forced_chatgpt_workspace_id: ForcedChatgptWorkspaceIds | null, forced_login_method: ForcedLoginMethod | null, web_search: WebSearchMode | null, client_search_provider: WebSearchProvider | null, tools: ToolsV2 | null, instructions: string | null, developer_instructions: string | null, compact_prompt: string | null, model_reasoning_effort: ReasoningEffort | null, model_reasoning_summary: ReasoningSummary | null, model_verbosity: Verbosity | null, service_tier: string | null, analytics: AnalyticsConfig | null, browser_use: BrowserUseConfig | null, computer_use: ComputerUseConfig | null, desktop: { [key in string]?: JsonValue } | null} & ({ [key in string]?: number | string | boolean | Array<JsonValue> | { [key in string]?: JsonValue } | null });
export type ConfigBatchWriteParams = { edits: Array<ConfigEdit>,
filePath?: string | null, expectedVersion?: string | null,
reloadUserConfig?: boolean, };
export type ConfigEdit = { keyPath: string, value: JsonValue, mergeStrategy: MergeStrategy, };
export type ConfigLayer = { name: ConfigLayerSource, version: string, config: JsonValue, disabledReason: string | null, };
export type ConfigLayerMetadata = { name: ConfigLayerSource, version: string, };
export type ConfigLayerSource = { "type": "packagedDefaults",
file: AbsolutePathBuf, } | { "type": "mdm", domain: string, key: string, } | { "type": "system",
file: AbsolutePathBuf, } | { "type": "enterpriseManaged",
id: string,
name: string, } | { "type": "user",
file: AbsolutePathBuf,
profile: string | null, } | { "type": "project", dotCodexFolder: AbsolutePathBuf, } | { "type": "sessionFlags" } | { "type": "legacyManagedConfigTomlFromFile", file: AbsolutePathBuf, } | { "type": "legacyManagedConfigTomlFromMdm" };
export type ConfigReadParams = { includeLayers?: boolean,
cwd?: string | null, };
export type ConfigReadResponse = { config: Config, origins: { [key in string]?: ConfigLayerMetadata }, layers: Array<ConfigLayer> | null, };
export type ConfigRequirements = {modelProvider: string | null, modelProviders: { [key in string]?: JsonValue } | null, allowedLoginMethods: Array<ForcedLoginMethod> | null, cliAuthCredentialsStore: CliAuthCredentialsStoreMode | null, chatgptBaseUrl: string | null, additionalDeveloperInstructions: string | null, allowedApprovalPolicies: Array<AskForApproval> | null, allowedSandboxModes: Array<SandboxMode> | null, allowedWindowsSandboxImplementations: Array<WindowsSandboxImplementation> | null, allowedPermissionProfiles: { [key in string]?: boolean } | null, defaultPermissions: string | null, allowedWebSearchModes: Array<WebSearchMode> | null, allowManagedHooksOnly: boolean | null, allowBrowserAndComputerUse: boolean | null, allowAppshots: boolean | null, allowRemoteControl: boolean | null, computerUse: ComputerUseRequirements | null, browserUse: BrowserUseRequirements | null, inAppBrowser: InAppBrowserRequirements | null, featureRequirements: { [key in string]?: boolean } | null, enforceResidency: ResidencyRequirement | null, autoReview: AutoReviewRequirements | null, models: ModelsRequirements | null, sqliteHome: PathUri | null, logDir: PathUri | null, modelCatalogJson: PathUri | null, checkForUpdateOnStartup: boolean | null, allowLoginShell: boolean | null, feedback: FeedbackRequirements | null, otel: OtelRequirements | null};
export type ConfigRequirementsReadResponse = {
supportsIndependentSpeedModes: boolean | null,
requirements: ConfigRequirements | null, };
export type ConfigValueWriteParams = { keyPath: string, value: JsonValue, mergeStrategy: MergeStrategy,
filePath?: string | null, expectedVersion?: string | null, };
export type ConfigWarningNotification = {
summary: string,
details: string | null,
path?: string,
range?: TextRange, };
export type ConfigWriteResponse = { status: WriteStatus, version: string,
filePath: AbsolutePathBuf, overriddenMetadata: OverriddenMetadata | null, };
export type FeedbackRequirements = { enabled: boolean | null, };
export type ForcedChatgptWorkspaceIds = string | Array<string>;
export type ForcedLoginMethod = "chatgpt" | "api";
export type FsChangedNotification = {
watchId: string,
changedPaths: Array<AbsolutePathBuf>, };
export type FsCopyParams = {
sourcePath: AbsolutePathBuf,
destinationPath: AbsolutePathBuf,
recursive?: boolean, };
export type FsCopyResponse = Record<string, never>;
export type FsCreateDirectoryParams = {
path: AbsolutePathBuf,
recursive?: boolean | null, };
export type FsCreateDirectoryResponse = Record<string, never>;
export type FsGetMetadataParams = {
path: AbsolutePathBuf, };
export type FsGetMetadataResponse = {
isDirectory: boolean,
isFile: boolean,
isSymlink: boolean,
createdAtMs: number,
modifiedAtMs: number, };
export type FsReadDirectoryEntry = {
fileName: string,
isDirectory: boolean,
isFile: boolean, };
export type FsReadDirectoryParams = {
path: AbsolutePathBuf, };
export type FsReadDirectoryResponse = {
entries: Array<FsReadDirectoryEntry>, };
export type FsReadFileParams = {
path: AbsolutePathBuf, };
export type FsReadFileResponse = {
dataBase64: string, };
export type FsRemoveParams = {
path: AbsolutePathBuf,
recursive?: boolean | null,
force?: boolean | null, };
export type FsRemoveResponse = Record<string, never>;
export type FsUnwatchParams = {
watchId: string, };
export type FsUnwatchResponse = Record<string, never>;
export type FsWatchParams = {
watchId: string,
path: AbsolutePathBuf, };
export type FsWatchResponse = {
path: AbsolutePathBuf, };
export type FsWriteFileParams = {
path: AbsolutePathBuf,
dataBase64: string, };
export type FsWriteFileResponse = Record<string, never>;
export type InAppBrowserRequirements = { allowExternalBrowserSettingsImport: boolean | null, };
export type InitializeCapabilities = {
requiredHumanApproval?: boolean,
explicitGatewayOauth?: boolean,
experimentalApi: boolean,
requestAttestation: boolean,
mcpServerOpenaiFormElicitation?: boolean,
optOutNotificationMethods?: Array<string> | null,
extensions?: { [key in string]?: JsonValue } | null, };
export type InitializeParams = { clientInfo: ClientInfo, capabilities: InitializeCapabilities | null, };
export type InitializeResponse = { userAgent: string,
codexHome: AbsolutePathBuf,
platformFamily: string,
platformOs: string, };
export type JsonValue = number | string | boolean | Array<JsonValue> | { [key in string]?: JsonValue } | null;
export type MergeStrategy = "replace" | "upsert";
export type ModelsRequirements = { newThread: NewThreadModelDefaults | null, };
export type NetworkAccess = "restricted" | "enabled";
export type NewThreadModelDefaults = { model: string | null, modelReasoningEffort: ReasoningEffort | null, serviceTier: string | null, };
export type OtelExporter = "none" | "statsig" | { "otlp-http": { endpoint: string,
headers: { [key in string]?: string }, protocol: OtelHttpProtocol, tls: OtelTlsConfig | null, } } | { "otlp-grpc": { endpoint: string,
headers: { [key in string]?: string }, tls: OtelTlsConfig | null, } };
export type OtelHttpProtocol = "binary" | "json";
export type OtelRequirements = { tool_result: OtelToolResultLogConfig | null, log_sse_deltas: boolean | null, log_user_prompt: boolean | null, log_agent_responses: boolean | null, log_guardian_assessments: boolean | null, environment: string | null, exporter: OtelExporter | null, trace_exporter: OtelExporter | null, metrics_exporter: OtelExporter | null, span_attributes: { [key in string]?: string } | null, tracestate: { [key in string]?: { [key in string]?: string } } | null, };
export type OtelTlsConfig = { "ca-certificate": string | null, "client-certificate": string | null, "client-private-key": string | null, };
export type OtelToolResultLogConfig = { max_bytes: number, };
export type OverriddenMetadata = { message: string, overridingLayer: ConfigLayerMetadata, effectiveValue: JsonValue, };
export type PathUri = string;
export type ProcessExitedNotification = {
processHandle: string,
exitCode: number,
outputDrainTimedOut?: boolean | null,
stdout: string,
stdoutCapReached: boolean,
stderr: string,
stderrCapReached: boolean, };
export type ProcessOutputDeltaNotification = {
processHandle: string,
stream: ProcessOutputStream,
deltaBase64: string,
capReached: boolean, };
export type ProcessOutputStream = "stdout" | "stderr";
export type ReasoningEffort = string;
export type ReasoningSummary = "auto" | "concise" | "detailed" | "none";
export type RequestHeader = { name: string, value: string, };
export type RequestId = string | number;
export type ResidencyRequirement = "us";
export type SandboxMode = "read-only" | "workspace-write" | "danger-full-access";
export type SandboxPolicy = { "type": "dangerFullAccess" } | { "type": "readOnly", networkAccess: boolean, } | { "type": "externalSandbox", networkAccess: NetworkAccess, } | { "type": "workspaceWrite", writableRoots: Array<AbsolutePathBuf>, networkAccess: boolean, excludeTmpdirEnvVar: boolean, excludeSlashTmp: boolean, };
export type SandboxWorkspaceWrite = { writable_roots: Array<string>, network_access: boolean, exclude_tmpdir_env_var: boolean, exclude_slash_tmp: boolean, };
export type ServerNotification = { "method": "command/exec/outputDelta", "params": CommandExecOutputDeltaNotification } | { "method": "process/outputDelta", "params": ProcessOutputDeltaNotification } | { "method": "process/exited", "params": ProcessExitedNotification } | { "method": "fs/changed", "params": FsChangedNotification } | { "method": "configWarning", "params": ConfigWarningNotification };
export type TextPosition = {
line: number,
column: number, };
export type TextRange = { start: TextPosition, end: TextPosition, };
export type ToolsV2 = { web_search: WebSearchToolConfig | null, };
export type Verbosity = "low" | "medium" | "high";
export type WebSearchContextSize = "low" | "medium" | "high";
export type WebSearchLocation = { country: string | null, region: string | null, city: string | null, timezone: string | null, };
export type WebSearchMode = "disabled" | "cached" | "indexed" | "live";
export type WebSearchProvider = "standalone" | "search_mcp";
export type WebSearchToolConfig = { context_size: WebSearchContextSize | null, allowed_domains: Array<string> | null, location: WebSearchLocation | null, };
export type WindowsSandboxImplementation = "elevated" | "unelevated" | "mxc";
export type WriteStatus = "ok" | "okOverridden";
