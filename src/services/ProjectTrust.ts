/** What a project's own configuration may decide: whether it counts at all, and which keys it may not set. */
import type * as Schema from "effect/Schema"
import { valueAt } from "./ConfigLayers.ts"

/** What only the user may set: where requests and credentials go, and programs that are told of them. */
const NOT_FOR_PROJECTS: ReadonlyArray<string> = [
  "openai_base_url",
  "chatgpt_base_url",
  "apps_mcp_product_sku",
  "responses_api_metadata",
  "model_provider",
  "model_providers",
  "notify",
  "profile",
  "profiles",
  "experimental_realtime_webrtc_call_base_url",
  "experimental_realtime_ws_base_url",
  "otel"
]

/** Takes what a project may not set from its table. */
export const withoutUnsupported = (
  table: Schema.JsonObject
): { readonly config: Schema.JsonObject; readonly ignored: ReadonlyArray<string> } => ({
  config: Object.fromEntries(Object.entries(table).filter(([key]) => !NOT_FOR_PROJECTS.includes(key))),
  ignored: NOT_FOR_PROJECTS.filter((key) => Object.hasOwn(table, key))
})

/** How a directory may be named in `[projects]`, what decides first standing first. */
export interface TrustNames {
  /** The directory, the project's root and its main git repository, by their real and their given names. */
  readonly names: ReadonlyArray<string>
  /** The one to add to `[projects]`. */
  readonly suggested: string
}

/**
 * Why a directory's configuration has no effect, or undefined where it is trusted. `config` is what the layers
 * above and below all projects say; `userFile` is where trust can be added.
 */
export const disabledReason = (
  config: Schema.JsonObject,
  { names, suggested }: TrustNames,
  userFile: string
): string | undefined => {
  const level = (name: string) => valueAt(config, ["projects", name, "trust_level"])
  const decisive = names.find((name) => level(name) !== undefined)
  if (decisive === undefined) {
    return `To load project-local config, hooks, and exec policies, add ${suggested} as a trusted project in ${userFile}.`
  }
  return level(decisive) === "trusted"
    ? undefined
    : `${decisive} is marked as untrusted in the effective configuration. To load project-local config, hooks, and exec policies, update its trust setting. If that setting is managed by your organization, contact your administrator.`
}
