/** `configRequirements/read`: what an organisation allows and demands, whatever the configuration says. */
import * as Schema from "effect/Schema"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import {
  BrowserUseRequirements,
  ComputerUseRequirements,
  InAppBrowserRequirements
} from "./ConfigComputerUseRequirements.ts"
import { ManagedHooksRequirements } from "./ConfigHooks.ts"
import { ApplicationRequirements, NetworkRequirements } from "./ConfigNetworkRequirements.ts"
import { OtelRequirements } from "./ConfigOtelRequirements.ts"
import {
  ApprovalsReviewer,
  AskForApproval,
  ForcedLoginMethod,
  ReasoningEffort,
  SandboxMode,
  WebSearchMode
} from "./ConfigValues.ts"
import { JsonValue, defaulted, nullable } from "./Primitives.ts"
import { WireError } from "./WireError.ts"

export const CliAuthCredentialsStoreMode = Schema.Literals(["file", "keyring", "auto", "ephemeral"]).annotate(
  {
    identifier: "CliAuthCredentialsStoreMode",
    description: "Where the credentials of a login are kept."
  }
)

export const WindowsSandboxImplementation = Schema.Literals(["elevated", "unelevated", "mxc"]).annotate({
  identifier: "WindowsSandboxImplementation"
})

export const ResidencyRequirement = Schema.Literals(["us"]).annotate({
  identifier: "ResidencyRequirement",
  description: "The region in which data has to stay."
})

export const AutoReviewRequirements = Schema.Struct({
  requiredOnModels: nullable(Schema.Array(Schema.String)),
  ignoreRules: nullable(Schema.Array(Schema.String))
}).annotate({ identifier: "AutoReviewRequirements" })

export const NewThreadModelDefaults = Schema.Struct({
  model: nullable(Schema.String),
  modelReasoningEffort: nullable(ReasoningEffort),
  serviceTier: nullable(Schema.String)
}).annotate({ identifier: "NewThreadModelDefaults" })

export const ModelsRequirements = Schema.Struct({
  newThread: nullable(NewThreadModelDefaults).annotateKey({ description: "What a new thread starts with." })
}).annotate({ identifier: "ModelsRequirements" })

export const FeedbackRequirements = Schema.Struct({ enabled: nullable(Schema.Boolean) }).annotate({
  identifier: "FeedbackRequirements"
})

export const PathUri = Schema.String.annotate({
  identifier: "PathUri",
  description: "A path as a `file:` URI."
})

const flags = nullable(Schema.Record(Schema.String, Schema.Boolean))

/** Null is no requirement. */
export const ConfigRequirements = Schema.Struct({
  modelProvider: nullable(Schema.String).annotateKey({ description: "The only provider that may be used." }),
  modelProviders: nullable(Schema.Record(Schema.String, JsonValue)).annotateKey({
    description: "The whole definitions of providers, with the keys of `config.toml`."
  }),
  allowedLoginMethods: nullable(Schema.Array(ForcedLoginMethod)).annotateKey({
    description: "The only ways to log in; an empty list allows none."
  }),
  cliAuthCredentialsStore: nullable(CliAuthCredentialsStoreMode),
  chatgptBaseUrl: nullable(Schema.String),
  additionalDeveloperInstructions: nullable(Schema.String),
  allowedApprovalPolicies: nullable(Schema.Array(AskForApproval)),
  allowedApprovalsReviewers: nullable(Schema.Array(ApprovalsReviewer)).annotateKey({ experimental: true }),
  allowedSandboxModes: nullable(Schema.Array(SandboxMode)),
  allowedWindowsSandboxImplementations: nullable(Schema.Array(WindowsSandboxImplementation)),
  allowedPermissionProfiles: flags,
  defaultPermissions: nullable(Schema.String),
  allowedWebSearchModes: nullable(Schema.Array(WebSearchMode)),
  allowManagedHooksOnly: nullable(Schema.Boolean),
  allowBrowserAndComputerUse: nullable(Schema.Boolean),
  allowAppshots: nullable(Schema.Boolean),
  allowRemoteControl: nullable(Schema.Boolean),
  computerUse: nullable(ComputerUseRequirements),
  browserUse: nullable(BrowserUseRequirements),
  inAppBrowser: nullable(InAppBrowserRequirements),
  featureRequirements: flags.annotateKey({ description: "Features that have to be on or off, by name." }),
  hooks: nullable(ManagedHooksRequirements).annotateKey({ experimental: true }),
  enforceResidency: nullable(ResidencyRequirement),
  network: nullable(NetworkRequirements).annotateKey({ experimental: true }),
  application: nullable(ApplicationRequirements).annotateKey({ experimental: true }),
  autoReview: nullable(AutoReviewRequirements),
  models: nullable(ModelsRequirements),
  sqliteHome: nullable(PathUri),
  logDir: nullable(PathUri),
  modelCatalogJson: nullable(PathUri),
  checkForUpdateOnStartup: nullable(Schema.Boolean),
  allowLoginShell: nullable(Schema.Boolean),
  feedback: nullable(FeedbackRequirements),
  otel: nullable(OtelRequirements)
}).annotate({ identifier: "ConfigRequirements" })
export type ConfigRequirements = typeof ConfigRequirements.Type

export const ConfigRequirementsReadResponse = Schema.Struct({
  supportsIndependentSpeedModes: defaulted(Schema.NullOr(Schema.Boolean), null).annotateKey({
    description: "Whether the fast modes are required or forbidden one by one; otherwise one stands for all."
  }),
  requirements: nullable(ConfigRequirements).annotateKey({
    description: "Null where nobody requires anything."
  })
}).annotate({ identifier: "ConfigRequirementsReadResponse" })
export type ConfigRequirementsReadResponse = typeof ConfigRequirementsReadResponse.Type

/** Its params are missing or null. */
export class ConfigRequirementsRpcs extends RpcGroup.make(
  Rpc.make("configRequirements/read", {
    payload: Schema.Undefined,
    success: ConfigRequirementsReadResponse,
    error: WireError
  })
) {}
