/** What a server starts with. */
import * as Effect from "effect/Effect"
import { check, checkKeys } from "./ConfigCheck.ts"
import { ConfigError } from "./ConfigError.ts"
import type * as ConfigLayers from "./ConfigLayers.ts"
import type { StartupConfig } from "./ConfigStore.ts"
import { ConfigToml } from "./ConfigToml.ts"
import * as ConfigWarnings from "./ConfigWarnings.ts"
import { defaultPolicy } from "./ShellEnvironment.ts"

type Layers = ReadonlyArray<ConfigLayers.Layer>

const values = (layers: Layers): Effect.Effect<StartupConfig, ConfigError> =>
  Effect.flatMap(check(ConfigToml, layers, "Start"), (config) => {
    const { sandbox_workspace_write: workspace, shell_environment_policy: policy } = config
    if (typeof config.profile === "string") return legacyProfile(config.profile)
    return Effect.succeed({
      sandboxMode: config.sandbox_mode ?? "read-only",
      sandboxWorkspaceWrite: {
        writableRoots: workspace?.writable_roots ?? [],
        networkAccess: workspace?.network_access ?? false,
        excludeTmpdirEnvVar: workspace?.exclude_tmpdir_env_var ?? false,
        excludeSlashTmp: workspace?.exclude_slash_tmp ?? false
      },
      shellEnvironmentPolicy: {
        inherit: policy?.inherit ?? defaultPolicy.inherit,
        ignoreDefaultExcludes: policy?.ignore_default_excludes ?? defaultPolicy.ignoreDefaultExcludes,
        exclude: policy?.exclude ?? defaultPolicy.exclude,
        set: policy?.set ?? defaultPolicy.set,
        includeOnly: policy?.include_only ?? defaultPolicy.includeOnly
      },
      warnings: []
    })
  })

/** What it selected is not read any more, so a server that ignored it might be less confined than it was. */
const legacyProfile = (name: string) =>
  Effect.fail(
    new ConfigError({
      reason: "Invalid",
      during: "Start",
      problem: `legacy \`profile = ${JSON.stringify(name)}\` config is no longer supported; use \`--profile ${name}\` with \`${name}.config.toml\` instead`
    })
  )

/**
 * What the server starts with. Files of users and projects that are bad do not stop it: it goes by `fallback`, the
 * layers without them, so at least as confined as those say, and warns. Fails where `fallback` is bad itself; if
 * `strict`, wherever anything is bad or unknown.
 */
export const startupConfig = (
  layers: Effect.Effect<Layers, ConfigError>,
  fallback: Effect.Effect<Layers, ConfigError>,
  strict: boolean
): Effect.Effect<StartupConfig, ConfigError> => {
  const config = Effect.gen(function* () {
    const found = yield* layers
    const config = yield* values(found)
    if (strict) yield* checkKeys(found, "Start")
    return { ...config, warnings: ConfigWarnings.withoutEffect(found) }
  })
  if (strict) return config
  return Effect.catch(config, (error) =>
    Effect.map(Effect.flatMap(fallback, values), (config) => ({
      ...config,
      warnings: [ConfigWarnings.unusable(error)]
    }))
  )
}
