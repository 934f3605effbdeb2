/** The answer to `config/read`. */
import * as Effect from "effect/Effect"
import type { Config, ConfigReadParams, ConfigReadResponse } from "../rpc/Config.ts"
import { check } from "./ConfigCheck.ts"
import type { ConfigError } from "./ConfigError.ts"
import * as ConfigLayers from "./ConfigLayers.ts"
import { ConfigToml } from "./ConfigToml.ts"

const onWire = ({ config, disabledReason, name, version }: ConfigLayers.Layer) => ({
  name,
  version,
  config,
  ...(disabledReason !== undefined && { disabledReason })
})

/** What earlier versions wrote, and what was left out, as the wire has it (measured on Codex 0.169.0). */
const complete = (config: ConfigToml): Config => {
  const { approval_policy: approval, sandbox_workspace_write: workspace, tools } = config
  return {
    ...config,
    approval_policy: approval === "on-failure" ? "on-request" : (approval ?? null),
    sandbox_workspace_write: workspace
      ? {
          writable_roots: workspace.writable_roots ?? [],
          network_access: workspace.network_access ?? false,
          exclude_tmpdir_env_var: workspace.exclude_tmpdir_env_var ?? false,
          exclude_slash_tmp: workspace.exclude_slash_tmp ?? false
        }
      : null,
    tools: tools
      ? { web_search: typeof tools.web_search === "boolean" ? null : (tools.web_search ?? null) }
      : null
  }
}

export const readAnswer = (
  layers: ReadonlyArray<ConfigLayers.Layer>,
  params: ConfigReadParams
): Effect.Effect<ConfigReadResponse, ConfigError> =>
  Effect.map(check(ConfigToml, layers, "Read"), (config) => ({
    config: complete(config),
    origins: ConfigLayers.origins(layers),
    ...(params.includeLayers === true && { layers: layers.map(onWire) })
  }))
