/** What clients are told of the server's configuration after `initialize`, in the words of the original. */
import type { ConfigWarningNotification } from "../rpc/Config.ts"
import type { ConfigError } from "./ConfigError.ts"
import * as ConfigLayers from "./ConfigLayers.ts"
import { unknownKeys } from "./ConfigUnknownKeys.ts"

type Layers = ReadonlyArray<ConfigLayers.Layer>

/** So many unknown keys are named; of more only the number is told. */
const MAX_NAMED = 3

const warning = (summary: string): ConfigWarningNotification => ({ summary, details: null })

/** The server could not use its files. */
export const unusable = (error: ConfigError): ConfigWarningNotification => ({
  summary: "Invalid configuration; using defaults.",
  details: error.located,
  ...(error.path !== undefined && { path: error.path }),
  ...(error.range && { range: error.range })
})

/** `user (PATH)`; the command line has no path. */
const sourceOf = (layer: ConfigLayers.Layer): string => {
  const file = ConfigLayers.fileOf(layer)
  return file === undefined ? "session-flags" : `${layer.name.type} (${file})`
}

const unknown = (layers: Layers): ReadonlyArray<ConfigWarningNotification> => {
  const lines = ConfigLayers.enabled(layers)
    .flatMap((layer) =>
      unknownKeys(layer.config).map((path) => `\n  ${sourceOf(layer)}: \`${path.join(".")}\` is ignored.`)
    )
    .sort()
  if (lines.length === 0) return []
  const settings = lines.length === 1 ? "setting" : "settings"
  const more = lines.length - MAX_NAMED
  return [
    warning(
      `Codex is ignoring ${lines.length} unrecognized configuration ${settings}. Check for typos or deprecated settings.` +
        lines.slice(0, MAX_NAMED).join("") +
        (more > 0 ? `\n  ... and ${more} more ignored settings.` : "")
    )
  ]
}

const disabled = (projects: Layers): ReadonlyArray<ConfigWarningNotification> => {
  const folders = projects.flatMap(({ disabledReason, name }) =>
    disabledReason === undefined || name.type !== "project" ? [] : [[name.dotCodexFolder, disabledReason]]
  )
  if (folders.length === 0) return []
  const list = folders.map(([folder, reason], i) => `    ${i + 1}. ${folder}\n       ${reason}\n`).join("")
  return [
    warning(
      `Project-local config, hooks, and exec policies are disabled in the following folders until the project is trusted, but skills still load.\n${list}`
    )
  ]
}

const unsupported = (projects: Layers): ReadonlyArray<ConfigWarningNotification> =>
  ConfigLayers.enabled(projects).flatMap((layer) =>
    layer.ignored === undefined || layer.ignored.length === 0
      ? []
      : [
          warning(
            `Ignored unsupported project-local config keys in ${ConfigLayers.fileOf(layer)}: ${layer.ignored.join(", ")}. If you want these settings to apply, manually set them in your user-level config.toml.`
          )
        ]
  )

/** What has no effect in layers that make a configuration. */
export const withoutEffect = (layers: Layers): ReadonlyArray<ConfigWarningNotification> => {
  const projects = layers.filter(({ name }) => name.type === "project").toReversed()
  return [...disabled(projects), ...unsupported(projects), ...unknown(layers)]
}
