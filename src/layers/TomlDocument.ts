/** A TOML file as it stands on disk: its values, their places, and edits that leave the rest of it as it is. */
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import * as Toml from "smol-toml"
import { isSame, isTable, type Position, type Range, tableToJson, valueAt } from "../services/ConfigLayers.ts"
import * as TomlEdits from "./TomlEdits.ts"
import * as TomlText from "./TomlText.ts"
import * as TomlTree from "./TomlTree.ts"

/** Why a text is not TOML; the place is counted from 1, the column in characters. */
export interface TomlProblem {
  readonly _tag: "TomlProblem"
  readonly problem: string
  readonly line: number
  readonly column: number
}

export interface TomlDocument {
  readonly table: Schema.JsonObject
  /**
   * Where the value at `path` stands, of which a segment may be an index of an array. A table that has headers
   * stands there; any other table that is not written as a value stands where its name does.
   */
  readonly valueRange: (path: ReadonlyArray<string>) => Range | undefined
  /** Where the last segment of `path` is named first; elements of arrays have no names. */
  readonly keyRange: (path: ReadonlyArray<string>) => Range | undefined
}

/** A parent of a path is a value, or an array, so nothing can be in it. */
export interface NotATable {
  readonly _tag: "NotATable"
}

/** What to do with the value at `path`. */
export interface Edit {
  readonly path: readonly [string, ...Array<string>]
  /** Null removes; inside a value it makes the edited text a problem, because TOML has no null. */
  readonly value: Schema.Json
  /** Of two tables, `upsert` makes one by merging deeply; any other value replaces what was there. */
  readonly mergeStrategy: "replace" | "upsert"
}

const characters = (text: string): number => Array.from(text).length

const positionAt = (text: string, index: number): Position => {
  const before = text.slice(0, index)
  const lines = before.split("\n")
  return { line: lines.length, column: characters(lines.at(-1)!) + 1 }
}

const rangeOf = (text: string, span: TomlText.Span | undefined): Range | undefined =>
  span && { start: positionAt(text, span.start), end: positionAt(text, span.end - 1) }

const parseTable = (text: string): Result.Result<Schema.JsonObject, TomlProblem> =>
  Result.try({
    try: () => tableToJson(Toml.parse(text, { integersAsBigInt: "asNeeded" })),
    catch: (cause) => {
      if (!(cause instanceof Toml.TomlError)) throw cause
      const line = text.split("\n")[cause.line - 1] ?? ""
      return {
        _tag: "TomlProblem",
        // the parser's text goes on with an excerpt of the file
        problem: cause.message.replace(/^Invalid TOML document: /, "").replace(/\n[^]*$/, ""),
        line: cause.line,
        column: characters(line.slice(0, cause.column - 1)) + 1
      }
    }
  })

/** Reads a text, which may start with a byte order mark. */
export const parse = (text: string): Result.Result<TomlDocument, TomlProblem> =>
  Result.map(parseTable(text), (table) => {
    let root: TomlTree.Node | undefined
    // most readers ask for no place
    const find = (path: ReadonlyArray<string>) =>
      TomlTree.find((root ??= TomlTree.root(TomlText.sections(text))), path)
    return {
      table,
      valueRange: (path) => {
        const node = find(path)
        const [first, last] = [node?.headed[0]?.header, node?.headed.at(-1)?.header]
        const headers = first && last && { start: first.start, end: last.end }
        return rangeOf(text, node?.value ?? headers ?? node?.key)
      },
      keyRange: (path) => rangeOf(text, find(path)?.key)
    }
  })

const without = (table: Schema.JsonObject, other: Schema.JsonObject): Schema.JsonObject =>
  Object.fromEntries(Object.entries(table).filter(([name]) => !Object.hasOwn(other, name)))

/** With `value` at `path`, where `before` is; what is the same in both keeps its text. */
const write = (text: string, edit: Edit, before: Schema.Json | undefined): string => {
  const { mergeStrategy, path, value } = edit
  if (isSame(before, value)) return text
  if (before === undefined || !isTable(before) || !isTable(value)) return TomlEdits.put(text, path, value)
  const at = (name: string): Edit["path"] => [...path, name]
  let written = text
  for (const [name, member] of Object.entries(value)) {
    if (!Object.hasOwn(before, name)) continue
    written = write(written, { mergeStrategy, path: at(name), value: member }, before[name])
  }
  written = TomlEdits.add(written, path, without(value, before))
  if (mergeStrategy === "upsert") return written
  written = TomlEdits.remove(written, Object.keys(without(before, value)).map(at))
  // a table without a header is gone with all that was in it
  return TomlEdits.add(written, path, {})
}

interface Snapshot {
  readonly text: string
  readonly table: Schema.JsonObject
}

const read = (text: string): Result.Result<Snapshot, TomlProblem> =>
  Result.map(parseTable(text), (table) => ({ text, table }))

const apply = ({ table, text }: Snapshot, edit: Edit): Result.Result<string, NotATable> => {
  const { path, value } = edit
  const fits = path.every((_, depth) => {
    const parent = valueAt(table, path.slice(0, depth))
    return parent === undefined || isTable(parent)
  })
  if (value === null) return Result.succeed(fits ? TomlEdits.remove(text, [path]) : text)
  return fits
    ? Result.succeed(write(text, edit, valueAt(table, path) as Schema.Json | undefined))
    : Result.fail({ _tag: "NotATable" })
}

/**
 * The text with the edits made, one after the other. The text of values that stay the same, all comments but those
 * of what is removed, the order, the spacing, the line ends and a byte order mark stay as they are. Where there is
 * a choice, new text looks as in the original: tables get headers, behind the last table that has the same parent.
 */
export const edit = (
  text: string,
  edits: ReadonlyArray<Edit>
): Result.Result<string, NotATable | TomlProblem> => {
  let edited: Result.Result<Snapshot, NotATable | TomlProblem> = read(text)
  for (const edit of edits) {
    edited = Result.flatMap(edited, (snapshot) => Result.flatMap(apply(snapshot, edit), read))
  }
  return Result.map(edited, ({ text }) => text)
}
