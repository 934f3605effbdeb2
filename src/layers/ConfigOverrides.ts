/** The `-c key=value` flags of the command line, as one layer of configuration. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Toml from "smol-toml"
import { isTable, setAt, tableToJson } from "../services/ConfigLayers.ts"

/** A flag that sets nothing; `message` quotes it. */
export class ConfigOverridesError extends Schema.TaggedError<ConfigOverridesError>()("ConfigOverridesError", {
  message: Schema.String
}) {}

const refuse = (problem: string) =>
  Result.fail(new ConfigOverridesError({ message: `error parsing -c overrides: ${problem}` }))

/** The one member of a one-line document, or undefined if `text` is anything else. */
const onlyMember = (text: string): readonly [key: string, value: Schema.Json] | undefined => {
  try {
    const members = Object.entries(tableToJson(Toml.parse(text, { integersAsBigInt: "asNeeded" })))
    return members.length === 1 ? members[0] : undefined
  } catch {
    return undefined
  }
}

/** The segments of a key in TOML's notation; of any other, what stands between the dots. */
const segments = (key: string): ReadonlyArray<string> => {
  const path: Array<string> = []
  let member = onlyMember(`${key} = 0`)
  while (member !== undefined) {
    path.push(member[0])
    const [, inner] = member
    if (!isTable(inner)) return path
    member = Object.entries(inner)[0]
  }
  return key.split(".").map((segment) => segment.trim())
}

/** A value in TOML's notation; any other is a string, without quotes around it, as the original takes it. */
const valueOf = (text: string): Schema.Json => {
  const member = onlyMember(`value = ${text}`)
  return member === undefined ? text.replace(/^["']+|["']+$/g, "") : member[1]
}

interface Override {
  readonly path: ReadonlyArray<string>
  readonly value: Schema.Json
}

const parseFlag = (flag: string): Result.Result<Override, ConfigOverridesError> => {
  const equals = flag.indexOf("=")
  if (equals < 0) return refuse(`Invalid override (missing '='): ${flag}`)
  const key = flag.slice(0, equals).trim()
  if (key === "") return refuse(`Empty key in override: ${flag}`)
  const path = segments(key)
  if (path.includes("")) return refuse(`Empty key segment in override: ${flag}`)
  return Result.succeed({ path, value: valueOf(flag.slice(equals + 1).trim()) })
}

/** The flags as one object; a later one replaces what an earlier one put at its key. */
export const parse = (flags: ReadonlyArray<string>): Effect.Effect<Schema.JsonObject, ConfigOverridesError> =>
  Effect.fromResult(
    Result.map(Result.all(flags.map(parseFlag)), (overrides) =>
      overrides.reduce<Schema.JsonObject>((table, { path, value }) => setAt(table, path, value), {})
    )
  )
