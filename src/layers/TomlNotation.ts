/** JSON in TOML's notation, in the style of the original. */
import type * as Schema from "effect/Schema"
import * as Toml from "smol-toml"
import { isTable } from "../services/ConfigLayers.ts"

const basic = (text: string): string => JSON.stringify(text).replaceAll("\x7f", "\\u007F")

/** Over several lines where the text has several, and without escapes where that is possible. */
const string = (text: string): string => {
  const open = text.includes("\n") ? "\n" : ""
  const unescaped = !/[\0-\x08\v-\x1f\x7f]/.test(text)
  if (unescaped && !/["\\\n]/.test(text)) return basic(text)
  if (unescaped && !/['\n]/.test(text)) return `'${text}'`
  if (unescaped && !/\\|"""/.test(text)) return `"""${open}${text}"""`
  if (unescaped && !text.includes("'''")) return `'''${open}${text}'''`
  if (open === "") return basic(text)
  const lines = basic(text)
    .slice(1, -1)
    .replace(/\\./g, (escape) => (escape === "\\n" ? "\n" : escape))
  return `"""\n${lines}"""`
}

export const key = (name: string): string => {
  if (/^[\w-]+$/.test(name)) return name
  return /["\\]/.test(name) && !/['\0-\x1f\x7f]/.test(name) ? `'${name}'` : basic(name)
}

export const keys = (path: ReadonlyArray<string>): string => path.map(key).join(".")

export const member = (name: string, content: Schema.Json): string => `${key(name)} = ${value(content)}`

const number = (content: number): string => {
  if (!Number.isInteger(content)) return `${content}`
  // an integer has 64 bits, and a float a sign that shows it
  return Math.abs(content) < 2 ** 63 ? `${BigInt(content)}` : content.toExponential()
}

/** The text of what stands for a date, if it is one. */
const date = (content: Schema.JsonObject): string | undefined => {
  const [text, ...others] = isTable(content) ? [] : Object.values(content)
  return others.length === 0 && typeof text === "string" && new Toml.TomlDate(text).isValid()
    ? text
    : undefined
}

/** In one piece, tables inline. */
export const value = (content: Schema.Json): string => {
  if (typeof content === "string") return string(content)
  if (typeof content === "number") return number(content)
  if (typeof content === "boolean" || content === null) return `${content}`
  if (Array.isArray(content)) return `[${content.map(value).join(", ")}]`
  const table = content as Schema.JsonObject
  const members = Object.entries(table).map(([name, inner]) => member(name, inner))
  return date(table) ?? (members.length === 0 ? "{}" : `{ ${members.join(", ")} }`)
}
