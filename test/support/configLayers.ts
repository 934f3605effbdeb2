/** Layers of a configuration without files. */
import * as crypto from "node:crypto"
import type * as Schema from "effect/Schema"
import * as ConfigLayers from "../../src/services/ConfigLayers.ts"

export const sha256 = (text: string) => crypto.createHash("sha256").update(text).digest("hex")

export const layer = (name: ConfigLayers.Layer["name"], config: Schema.JsonObject): ConfigLayers.Layer => ({
  name,
  version: ConfigLayers.version(sha256, config),
  config
})
export const flags = (config: Schema.JsonObject) => layer({ type: "sessionFlags" }, config)
export const project = (directory: string, config: Schema.JsonObject) =>
  layer({ type: "project", dotCodexFolder: `${directory}/.codex` }, config)
export const user = (config: Schema.JsonObject) =>
  layer({ type: "user", file: "/h/config.toml", profile: null }, config)
export const system = (config: Schema.JsonObject) =>
  layer({ type: "system", file: "/etc/config.toml" }, config)
