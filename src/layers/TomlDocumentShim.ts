/** Stands in for TomlDocument.ts until that is there. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Toml from "smol-toml"
import * as ConfigLayers from "../services/ConfigLayers.ts"

export class TomlProblem extends Data.TaggedError("TomlProblem")<{
  readonly message: string
  readonly line: number
  readonly column: number
}> {}
export class NotATable extends Data.TaggedError("NotATable")<{ readonly path: ReadonlyArray<string> }> {}

const parseToml = (text: string) => Toml.parse(text, { integersAsBigInt: "asNeeded" })

const place = (text: string, path: ReadonlyArray<string>, of: "key" | "value") => {
  const lines = text.split(/\r?\n/)
  let statement = 0
  for (const end of lines.keys()) {
    const beginning = Result.try(() => parseToml(lines.slice(0, end + 1).join("\n")))
    if (Result.isFailure(beginning)) continue
    if (ConfigLayers.valueAt(beginning.success as any, path) !== undefined) {
      const [before] = /^([^=]*=)?\s*/.exec(lines[statement]!)!
      const start = { line: statement + 1, column: of === "key" ? 1 : before.length + 1 }
      return { start, end: start }
    }
    statement = end + 1
  }
  return undefined
}

export const parse = (text: string) =>
  Effect.try({
    try: () => ({ table: parseToml(text) }),
    catch: (cause) => {
      const { column, line, message } = cause as Toml.TomlError
      return new TomlProblem({
        message: message.replace(/^Invalid TOML document: /, "").replace(/\n[^]*$/, ""),
        line,
        column
      })
    }
  }).pipe(
    Effect.map(({ table }) => ({
      table,
      valueRange: (path: ReadonlyArray<string>) => Effect.succeed(place(text, path, "value")),
      keyRange: (path: ReadonlyArray<string>) => Effect.succeed(place(text, path, "key"))
    }))
  )

export const edit = (
  text: string,
  edits: ReadonlyArray<{
    readonly path: ReadonlyArray<string>
    readonly value: unknown
    readonly mergeStrategy: "replace" | "upsert"
  }>
): Effect.Effect<string, NotATable | TomlProblem> =>
  Effect.gen(function* () {
    let table: any = parseToml(text)
    const before = JSON.stringify(table)
    for (const { mergeStrategy, path, value } of edits) {
      let at: any = table
      let gone = false
      for (const key of path.slice(0, -1)) {
        if (at === undefined) break
        if (!ConfigLayers.isTable(at)) return yield* new NotATable({ path })
        if (at[key] === undefined) {
          if (value === null) {
            gone = true
            break
          }
          ;(at as any)[key] = {}
        }
        at = at[key]
      }
      if (gone) continue
      const last = path.at(-1)!
      if (value === null) {
        if (ConfigLayers.isTable(at)) delete (at as any)[last]
        continue
      }
      if (!ConfigLayers.isTable(at)) return yield* new NotATable({ path })
      ;(at as any)[last] =
        mergeStrategy === "upsert" && ConfigLayers.isTable(at[last]) && ConfigLayers.isTable(value)
          ? ConfigLayers.merge(at[last] as any, value as any)
          : value
    }
    return JSON.stringify(table) === before ? text : Toml.stringify(table)
  })
