/** The paths among the values: a relative one starts at the directory of its file. */
import type * as Schema from "effect/Schema"
import { setAt, valueAt } from "./ConfigLayers.ts"

/** Where a configuration has paths; a value may also be a list of them (measured on Codex 0.169.0). */
const PATH_KEYS: ReadonlyArray<ReadonlyArray<string>> = [
  ["experimental_compact_prompt_file"],
  ["js_repl_node_module_dirs"],
  ["js_repl_node_path"],
  ["log_dir"],
  ["model_catalog_json"],
  ["model_instructions_file"],
  ["sandbox_workspace_write", "writable_roots"],
  ["sqlite_home"]
]

/** The table with `absolute` applied to each path in it. */
export const mapPaths = (config: Schema.JsonObject, absolute: (path: string) => string): Schema.JsonObject =>
  PATH_KEYS.reduce((config, key) => {
    const value = valueAt(config, key)
    if (typeof value === "string") return setAt(config, key, absolute(value))
    if (!Array.isArray(value)) return config
    return setAt(
      config,
      key,
      value.map((path: Schema.Json) => (typeof path === "string" ? absolute(path) : path))
    )
  }, config)

/** The key of the first path that is relative. */
export const relativeKey = (config: Schema.JsonObject): ReadonlyArray<string> | undefined =>
  PATH_KEYS.find((key) =>
    [valueAt(config, key)].flat().some((path) => typeof path === "string" && !path.startsWith("/"))
  )
