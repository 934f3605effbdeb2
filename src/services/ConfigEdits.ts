/** Changes of the user's configuration: which are refused, and which have no effect. */
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { ConfigEdit, MergeStrategy, OverriddenMetadata } from "../rpc/ConfigWrite.ts"
import { isJsonFloat } from "../rpc/Primitives.ts"
import type { ConfigError } from "./ConfigError.ts"
import * as ConfigKeyPath from "./ConfigKeyPath.ts"
import * as ConfigLayers from "./ConfigLayers.ts"
import { relativeKey } from "./ConfigPaths.ts"
import { InvalidConfigEdit } from "./ConfigWriteError.ts"

/** A change whose key path was read. */
export interface Edit {
  readonly path: ConfigKeyPath.KeyPath
  /** Null removes the key. */
  readonly value: Schema.Json
  readonly mergeStrategy: MergeStrategy
}

/** Keys that can be removed but no longer set, and what they are. */
const LEGACY: ReadonlyMap<string, string> = new Map([
  ["profile", "is a legacy config selector"],
  ["profiles", "contains legacy config profile tables"]
])

/** The JSON of a value that was read losslessly; integers beyond 2^53 become the nearest number. */
const plain = (value: unknown): Schema.Json => {
  if (isJsonFloat(value)) return value()
  if (typeof value === "bigint") return Number(value)
  if (Array.isArray(value)) return value.map(plain)
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
    : (value as Schema.Json)
}

const hasNull = (value: Schema.Json): boolean =>
  value === null || (typeof value === "object" && Object.values(value).some(hasNull))

const invalid = (problem: string, key?: ReadonlyArray<string>) => {
  const inKey = key === undefined ? "" : `\nin \`${key.join(".")}\`\n`
  return new InvalidConfigEdit({ problem: problem + inKey })
}

const problemOf = (path: ReadonlyArray<string>, value: Schema.Json): InvalidConfigEdit | undefined => {
  if (value === null) return undefined
  const legacy = LEGACY.get(path[0]!)
  if (legacy !== undefined) {
    return invalid(
      `\`${path[0]}\` ${legacy} and can no longer be written; use \`--profile <name>\` with \`<name>.config.toml\` instead`
    )
  }
  if (hasNull(value)) return invalid("invalid value: invalid type: null, expected any valid TOML value")
  const relative = relativeKey(ConfigLayers.setAt({}, path, value))
  return (
    relative && invalid("Invalid configuration: AbsolutePathBuf deserialized without a base path", relative)
  )
}

/** The changes, if each by itself makes sense. */
export const prepare = (
  edits: ReadonlyArray<ConfigEdit>
): Result.Result<ReadonlyArray<Edit>, InvalidConfigEdit> =>
  Result.all(
    edits.map((edit) =>
      Result.flatMap(
        Result.mapError(ConfigKeyPath.parse(edit.keyPath), (problem) => invalid(problem)),
        (path) => {
          const value = plain(edit.value)
          const problem = problemOf(path, value)
          return problem === undefined
            ? Result.succeed({ path, value, mergeStrategy: edit.mergeStrategy })
            : Result.fail(problem)
        }
      )
    )
  )

/** The changes make a file that is no configuration. */
export const refused = ({ key, problem }: ConfigError): InvalidConfigEdit =>
  invalid(`Invalid configuration: ${problem}`, key === undefined ? undefined : [key])

/** The first change that the command line hides, where there is one. */
export const overridden = (
  edits: ReadonlyArray<Edit>,
  sessionFlags: ReadonlyArray<ConfigLayers.Layer>,
  user: ConfigLayers.Layer
): OverriddenMetadata | null => {
  const effective = ConfigLayers.effective([...sessionFlags, user], {})
  for (const { path } of edits) {
    const layer = ConfigLayers.holder(sessionFlags, path)
    const effectiveValue = ConfigLayers.valueAt(effective, path)
    if (layer === undefined || ConfigLayers.isSame(effectiveValue, ConfigLayers.valueAt(user.config, path))) {
      continue
    }
    const { name, version } = layer
    return { message: "Overridden by session flags", overridingLayer: { name, version }, effectiveValue }
  }
  return null
}
