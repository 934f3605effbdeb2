/**
 * The port to the configuration: `config/read` reads it anew each time, commands use it as it was when the server
 * started. What the values mean is decided here, on layers; where layers come from is up to the implementation.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as SchemaIssue from "effect/SchemaIssue"
import {
  Config,
  type ConfigReadParams,
  type ConfigReadResponse,
  type ConfigWarningNotification
} from "../rpc/Config.ts"
import { SandboxMode } from "../rpc/ConfigValues.ts"
import { judge } from "../rpc/InvalidParams.ts"
import { nullable } from "../rpc/Primitives.ts"
import { CONFIG_DEFAULTS } from "./ConfigDefaults.ts"
import * as ConfigLayers from "./ConfigLayers.ts"
import { defaultPolicy, type ShellEnvironmentPolicy } from "./ShellEnvironment.ts"

/** What a running server goes by; a later change of a file does not reach it. */
export interface StartupConfig {
  /** How far commands are confined where the request does not say. */
  readonly sandboxMode: typeof SandboxMode.Type
  readonly shellEnvironmentPolicy: ShellEnvironmentPolicy
  /** What each client is told after `initialize`. */
  readonly warnings: ReadonlyArray<ConfigWarningNotification>
}

/** Why there is no configuration: a file that is not TOML, a value out of its bounds, a file that cannot be read. */
export class ConfigError extends Schema.TaggedError<ConfigError>()("ConfigError", {
  reason: Schema.Literals(["Malformed", "Invalid", "Unreadable"]),
  /** At the start the command line is to blame, for a bad file only makes a warning then. */
  during: Schema.Literals(["Start", "Read"]),
  problem: Schema.String,
  /** The dotted path of the value, where it is one. */
  key: Schema.optionalKey(Schema.String),
  /** The file, where it is one. */
  path: Schema.optionalKey(Schema.String),
  position: Schema.optionalKey(Schema.Struct({ line: Schema.Int, column: Schema.Int }))
}) {
  /** The problem with the place to look at: `PATH:LINE:COLUMN: …`. */
  get located(): string {
    const { path, position, problem } = this
    if (path === undefined) return problem
    return position ? `${path}:${position.line}:${position.column}: ${problem}` : `${path}: ${problem}`
  }

  /** As clients, or the person at the command line, know it from the original. */
  override get message(): string {
    const inKey = this.key === undefined ? "" : `\nin \`${this.key}\`\n`
    if (this.during === "Start") return this.located + inKey
    return this.reason === "Invalid"
      ? `invalid configuration: ${this.problem}${inKey}`
      : `failed to read configuration layers: ${this.located}`
  }
}

/** The members that a server acts on; names and variants as in the original, whose texts list them. */
const ActedOn = Schema.Struct({
  sandbox_mode: nullable(SandboxMode),
  shell_environment_policy: nullable(
    Schema.Struct({
      inherit: nullable(Schema.Literals(["core", "all", "none"])),
      ignore_default_excludes: nullable(Schema.Boolean),
      exclude: nullable(Schema.Array(Schema.String)),
      set: nullable(Schema.Record(Schema.String, Schema.String)),
      include_only: nullable(Schema.Array(Schema.String))
    }).annotate({ identifier: "ShellEnvironmentPolicyToml" })
  )
})

/** The innermost schema that refused, and where. */
const innermost = (issue: SchemaIssue.Issue) => {
  let found: { readonly path: ReadonlyArray<string>; readonly ast: Schema.Top["ast"] } | undefined
  const path: Array<string> = []
  for (let inner: SchemaIssue.Issue | undefined = issue; inner !== undefined;) {
    if (inner._tag === "Pointer") path.push(...inner.path.map(String))
    if ("ast" in inner) found = { path: path.slice(), ast: inner.ast }
    inner = "issue" in inner ? inner.issue : "issues" in inner ? inner.issues[0] : undefined
  }
  return found
}

/** Without the members that no configuration has: they are listed with their layers, but have no effect. */
const known = (config: Schema.JsonObject): Schema.JsonObject =>
  Object.fromEntries(Object.entries(config).filter(([key]) => Object.hasOwn(CONFIG_DEFAULTS, key)))

/** The effective values, if `schema` accepts them. */
const checked = <S extends Schema.ConstraintDecoder<unknown>>(
  schema: S,
  layers: ReadonlyArray<ConfigLayers.Layer>,
  during: ConfigError["during"]
): Result.Result<S["Type"], ConfigError> => {
  const config = known(ConfigLayers.effective(layers, CONFIG_DEFAULTS))
  const decoded = Schema.decodeUnknownResult(schema)(config)
  // not the decoded value, which lacks the members that the schema does not name
  if (Result.isSuccess(decoded)) return Result.succeed(config as S["Type"])
  const { ast, path } = innermost(decoded.failure.issue) ?? { ast: schema.ast, path: [] }
  const judgement = judge({ ast } as Schema.Top, ConfigLayers.valueAt(config, path))
  const problem = judgement._tag === "Problem" ? judgement.message : "invalid type: sequence, expected a map"
  const layer = ConfigLayers.holder(layers, path)
  const position = layer?.place?.(path)
  return Result.fail(
    new ConfigError({
      reason: "Invalid",
      during,
      problem,
      key: path.join("."),
      ...(layer !== undefined && "file" in layer.name && { path: layer.name.file }),
      ...(position && { position })
    })
  )
}

const onWire = ({ config, disabledReason, name, version }: ConfigLayers.Layer) => ({
  name,
  version,
  config,
  ...(disabledReason !== undefined && { disabledReason })
})

/** The answer to `config/read`. */
export const readAnswer = (
  layers: ReadonlyArray<ConfigLayers.Layer>,
  params: ConfigReadParams
): Result.Result<ConfigReadResponse, ConfigError> =>
  checked(ActedOn, layers, "Read").pipe(
    // an answer must fit the wire, so that is looked at, too
    Result.flatMap(() => checked(Config, layers, "Read")),
    Result.map((config) => ({
      config,
      origins: ConfigLayers.origins(layers),
      ...(params.includeLayers === true && { layers: layers.map(onWire) })
    }))
  )

const startupValues = (
  layers: ReadonlyArray<ConfigLayers.Layer>
): Result.Result<StartupConfig, ConfigError> =>
  Result.map(checked(ActedOn, layers, "Start"), ({ sandbox_mode, shell_environment_policy: policy }) => ({
    sandboxMode: sandbox_mode ?? "read-only",
    shellEnvironmentPolicy: {
      inherit: policy?.inherit ?? defaultPolicy.inherit,
      ignoreDefaultExcludes: policy?.ignore_default_excludes ?? defaultPolicy.ignoreDefaultExcludes,
      exclude: policy?.exclude ?? defaultPolicy.exclude,
      set: policy?.set ?? defaultPolicy.set,
      includeOnly: policy?.include_only ?? defaultPolicy.includeOnly
    },
    warnings: []
  }))

const warningOf = (error: ConfigError): ConfigWarningNotification => ({
  summary: "Invalid configuration; using defaults.",
  details: error.located,
  ...(error.path !== undefined && { path: error.path }),
  ...(error.position && { range: { start: error.position, end: error.position } })
})

/**
 * What the server starts with. Files that are bad do not stop it: it goes by `sessionFlags` alone, so at least as
 * confined as the command line says, and warns. Fails where `sessionFlags` themselves are bad.
 */
export const startupConfig = (
  layers: Result.Result<ReadonlyArray<ConfigLayers.Layer>, ConfigError>,
  sessionFlags: ReadonlyArray<ConfigLayers.Layer>
): Result.Result<StartupConfig, ConfigError> => {
  const config = Result.flatMap(layers, startupValues)
  if (Result.isSuccess(config)) return config
  return Result.map(startupValues(sessionFlags), (fallback) => ({
    ...fallback,
    warnings: [warningOf(config.failure)]
  }))
}

export class ConfigStore extends Context.Service<
  ConfigStore,
  {
    /** Reads the files anew and answers with what they say now. */
    readonly read: (params: ConfigReadParams) => Effect.Effect<ConfigReadResponse, ConfigError>
    readonly startup: StartupConfig
  }
>()("effect-app-server/ConfigStore") {
  /** A server without any configuration, except for what is given. */
  static readonly layerTest = (scripted: Partial<ConfigStore["Service"]> = {}): Layer.Layer<ConfigStore> =>
    Layer.succeed(ConfigStore, {
      read: (params) => Effect.fromResult(readAnswer([], params)),
      startup: { sandboxMode: "read-only", shellEnvironmentPolicy: defaultPolicy, warnings: [] },
      ...scripted
    })
}
