/**
 * The layers of a configuration and what follows from them: the effective values, where each value comes from,
 * and the version of a layer. Layers are given strongest first, as `config/read` lists them.
 */
import type * as Schema from "effect/Schema"
import type { ConfigLayerMetadata, ConfigLayerSource } from "../rpc/Config.ts"

/** One source of values. */
export interface Layer {
  readonly name: ConfigLayerSource
  /** See {@link version}. */
  readonly version: string
  readonly config: Schema.JsonObject
  /** Why the layer has no effect, where it has none. */
  readonly disabledReason?: string
  /** What its file says that a project may not say, and that therefore is not in `config`. */
  readonly ignored?: ReadonlyArray<string>
  /** Where its file has the value, or the key, at a path; only a layer that was read from a file knows. */
  readonly range?: (path: ReadonlyArray<string>, of: "key" | "value") => Range | undefined
}

/** A place in a file, counted from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** The first and the last character of something in a file. */
export interface Range {
  readonly start: Position
  readonly end: Position
}

/** The file that a layer was read from. */
export const fileOf = ({ name }: Layer): string | undefined =>
  name.type === "project" ? `${name.dotCodexFolder}/config.toml` : "file" in name ? name.file : undefined

/** Names a file's content by its hash; the lowercase hexadecimal SHA-256 of the UTF-8 of `text`. */
export type Sha256 = (text: string) => string

/** The only member of the object that stands for a date (measured on Codex 0.169.0). */
const DATE = "$__toml_private_datetime"

const isObject = (value: unknown): value is Schema.JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Whether a value is a table, which layers share, rather than a leaf, which the strongest one decides. */
export const isTable = (value: unknown): value is Schema.JsonObject =>
  isObject(value) && !Object.hasOwn(value, DATE)

/** Without the zeros at the end of a fraction of a second. */
const dateText = (date: Date) =>
  date
    .toISOString()
    .replace(/(\.\d*?)0+(?!\d)/, "$1")
    .replace(/\.(?!\d)/, "")

/**
 * A value as a TOML parser has it, as JSON: dates as an object with their text, integers beyond 2^53 as the nearest number, and what
 * JSON has no number for (`inf`, `nan`) as null.
 */
export const toJson = (value: unknown): Schema.Json => {
  if (value instanceof Date) return { [DATE]: dateText(value) }
  if (Array.isArray(value)) return value.map(toJson)
  switch (typeof value) {
    case "string":
    case "boolean":
      return value
    case "bigint":
      return Number(value)
    case "number":
      return Number.isFinite(value) ? value : null
    case "object":
      return value === null ? null : tableToJson(value)
    default:
      return null
  }
}

/** As {@link toJson}, for a table. */
export const tableToJson = (table: object): Schema.JsonObject =>
  Object.fromEntries(Object.entries(table).map(([key, item]) => [key, toJson(item)]))

const canonical = (value: Schema.Json): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`
  if (!isObject(value)) return JSON.stringify(value)
  const members = Object.keys(value).sort()
  return `{${members.map((key) => `${JSON.stringify(key)}:${canonical(value[key]!)}`).join(",")}}`
}

/** Whether two values are the same but for the order of members; of two missing ones, too. */
export const isSame = (one: Schema.Json | undefined, other: Schema.Json | undefined): boolean =>
  one === undefined || other === undefined ? one === other : canonical(one) === canonical(other)

/**
 * Names the content of a layer: the hash of its compact JSON with sorted keys, so that order, comments and
 * spacing of the file do not matter. The hash is a parameter because it must be immediate, which the portable
 * Web Crypto is not, and a service has no other.
 */
export const version = (sha256: Sha256, config: Schema.JsonObject): string =>
  `sha256:${sha256(canonical(config))}`

/** Merges tables deeply; of two leaves, or a leaf and a table, the one in `over` counts. */
export const merge = (under: Schema.JsonObject, over: Schema.JsonObject): Schema.JsonObject => {
  const members = new Map(Object.entries(under))
  for (const [key, value] of Object.entries(over)) {
    const below = members.get(key)
    members.set(key, isTable(below) && isTable(value) ? merge(below, value) : value)
  }
  return Object.fromEntries(members)
}

/** The layers that count. */
export const enabled = (layers: ReadonlyArray<Layer>) =>
  layers.filter((layer) => layer.disabledReason === undefined)

/** The values that count: those of the layers, over `defaults`. */
export const effective = (layers: ReadonlyArray<Layer>, defaults: Schema.JsonObject): Schema.JsonObject =>
  enabled(layers).reduceRight((config, layer) => merge(config, layer.config), defaults)

const leaves = (value: Schema.JsonObject | Schema.JsonArray, prefix: string): ReadonlyArray<string> =>
  Object.entries(value).flatMap(([key, inner]) =>
    isTable(inner) || Array.isArray(inner) ? leaves(inner, `${prefix}${key}.`) : [`${prefix}${key}`]
  )

/**
 * For each leaf in any layer, the strongest layer that has it. A leaf is named by its path with dots, where
 * nothing is quoted; the elements of an array are named by their index, and what is empty has no leaf.
 */
export const origins = (layers: ReadonlyArray<Layer>): Record<string, ConfigLayerMetadata> => {
  const found = new Map<string, ConfigLayerMetadata>()
  for (const { config, name, version } of enabled(layers)) {
    for (const leaf of leaves(config, "")) {
      if (!found.has(leaf)) found.set(leaf, { name, version })
    }
  }
  return Object.fromEntries(found)
}

/** The table with `value` at `path`, in place of whatever stands there. */
export const setAt = (
  table: Schema.JsonObject,
  [key, ...rest]: ReadonlyArray<string>,
  value: Schema.Json
): Schema.JsonObject => {
  const members = new Map(Object.entries(table))
  const inner = members.get(key!)
  members.set(key!, rest.length === 0 ? value : setAt(isTable(inner) ? inner : {}, rest, value))
  return Object.fromEntries(members)
}

/** The strongest layer that has something at `path`. */
export const holder = (layers: ReadonlyArray<Layer>, path: ReadonlyArray<string>): Layer | undefined =>
  layers.find((layer) => layer.disabledReason === undefined && valueAt(layer.config, path) !== undefined)

/** What stands at `path`, of which a segment may be an index of an array. */
export const valueAt = (
  value: Schema.Json | undefined,
  path: ReadonlyArray<string>
): Schema.Json | undefined =>
  path.reduce<Schema.Json | undefined>(
    (inner, key) =>
      typeof inner === "object" && inner !== null && Object.hasOwn(inner, key)
        ? (inner as Schema.JsonObject)[key]
        : undefined,
    value
  )
