/** Whether layers make a configuration: what is checked, and which file is to blame where it is none. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as SchemaIssue from "effect/SchemaIssue"
import { judge } from "../rpc/InvalidParams.ts"
import { CONFIG_DEFAULTS } from "./ConfigDefaults.ts"
import { ConfigError } from "./ConfigError.ts"
import * as ConfigLayers from "./ConfigLayers.ts"
import { ApprovalWord, ProjectKeys, TABLES } from "./ConfigToml.ts"
import { unknownKeys } from "./ConfigUnknownKeys.ts"

type Layers = ReadonlyArray<ConfigLayers.Layer>

/** The innermost value that was refused: where it is, and the schema of that place. */
const innermost = (issue: SchemaIssue.Issue, whole: Schema.Top["ast"]) => {
  let found = { path: [] as ReadonlyArray<string>, ast: whole }
  const path: Array<string> = []
  for (let inner: SchemaIssue.Issue | undefined = issue; inner !== undefined;) {
    if (inner._tag === "Pointer") path.push(...inner.path.map(String))
    // only the first schema of a place: those in it may be members of a union
    if ("ast" in inner && path.length > found.path.length) found = { path: path.slice(), ast: inner.ast }
    inner = "issue" in inner ? inner.issue : "issues" in inner ? inner.issues[0] : undefined
  }
  return found
}

/** Values that may be of several kinds, and what the original calls them where they are of none. */
const UNTAGGED: ReadonlyMap<string, string> = new Map([
  ["forced_chatgpt_workspace_id", "Repr"],
  ["tools.web_search", "WebSearchToolConfigInput"]
])

/** What is wrong with a value that `schema` refused, in the words of the original. */
const problemOf = (
  ast: Schema.Top["ast"],
  path: ReadonlyArray<string>,
  value: Schema.Json | undefined
): string => {
  const key = path.join(".")
  const untagged = UNTAGGED.get(key)
  if (untagged !== undefined) return `data did not match any variant of untagged enum ${untagged}`
  const isWord = key === "approval_policy" && typeof value === "string"
  const judgement = judge(isWord ? ApprovalWord : ({ ast } as Schema.Top), value)
  const problem = judgement._tag === "Problem" ? judgement.message : "invalid type: sequence, expected a map"
  const table = (TABLES as Readonly<Record<string, string>>)[key]
  return table === undefined ? problem : problem.replace(/a map$/, table)
}

/** The path up to the first array: its elements have no names. */
const named = (config: Schema.JsonObject, path: ReadonlyArray<string>): ReadonlyArray<string> => {
  const array = path.findIndex((_, i) => Array.isArray(ConfigLayers.valueAt(config, path.slice(0, i))))
  return array < 0 ? path : path.slice(0, array)
}

/** The error with the file and the place in it that a path names. */
const blame = (
  error: Omit<ConstructorParameters<typeof ConfigError>[0], "path" | "range">,
  layer: ConfigLayers.Layer | undefined,
  path: ReadonlyArray<string>,
  of: "key" | "value"
): Effect.Effect<never, ConfigError> => {
  const file = layer && ConfigLayers.fileOf(layer)
  const range = layer?.range?.(path, of)
  return Effect.fail(
    new ConfigError({ ...error, ...(file !== undefined && { path: file }), ...(range && { range }) })
  )
}

/** The effective values, over the defaults and without unknown ones, if `schema` accepts them. */
export const check = <S extends Schema.ConstraintDecoder<unknown>>(
  schema: S,
  layers: Layers,
  during: ConfigError["during"]
): Effect.Effect<S["Type"], ConfigError> => {
  const config = Object.fromEntries(
    Object.entries(ConfigLayers.effective(layers, CONFIG_DEFAULTS)).filter(([key]) =>
      Object.hasOwn(CONFIG_DEFAULTS, key)
    )
  )
  const decoded = Schema.decodeUnknownResult(schema)(config)
  // not the decoded value, which lacks the members that the schema does not name
  if (Result.isSuccess(decoded)) return Effect.succeed(config as S["Type"])
  const { ast, path } = innermost(decoded.failure.issue, schema.ast)
  const problem = problemOf(ast, path, ConfigLayers.valueAt(config, path))
  const key = named(config, path).join(".")
  return blame({ reason: "Invalid", during, problem, key }, ConfigLayers.holder(layers, path), path, "value")
}

/** The keys that decide which project layers there are: without them the layers cannot be read. */
export const checkProjectKeys = (layers: Layers, during: ConfigError["during"]) =>
  Effect.mapError(
    check(ProjectKeys, layers, during),
    (error) => new ConfigError({ ...error, reason: "Malformed" })
  )

const isFlags = (layer: ConfigLayers.Layer) => layer.name.type === "sessionFlags"

/** Fails at the first key that nobody knows: of the command line, then of the weakest layer that has one. */
export const checkKeys = (
  layers: Layers,
  during: ConfigError["during"]
): Effect.Effect<void, ConfigError> => {
  const inOrder = [...layers.filter(isFlags), ...layers.filter((layer) => !isFlags(layer)).toReversed()]
  for (const layer of ConfigLayers.enabled(inOrder)) {
    const [path] = unknownKeys(layer.config)
    if (path === undefined) continue
    const where = isFlags(layer) ? " in -c/--config override" : ""
    const problem = `unknown configuration field \`${path.join(".")}\`${where}`
    return blame({ reason: "UnknownKey", during, problem }, layer, path, "key")
  }
  return Effect.void
}
