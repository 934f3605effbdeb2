/**
 * Makes `test/oracle` anew: what the generators of the real Codex write for the types that ours write, without texts.
 * Needs the path of a `codex`.
 */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const [codex] = process.argv.slice(2)
if (codex === undefined) throw new Error("usage: node scripts/oracle.mjs PATH/TO/codex")

const DEFINITIONS = "#/definitions/"
/** The files that hold more than one type. */
const BUNDLES = /^codex_app_server_protocol\./
const MESSAGES = ["ClientRequest", "ServerNotification"]

const filesBelow = (folder) =>
  fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort()

const ours = new Set(filesBelow(path.join(root, "schema/json")))
const ourMethods = new Set(
  MESSAGES.flatMap(
    (name) => JSON.parse(fs.readFileSync(path.join(root, `schema/json/${name}.json`))).oneOf
  ).map(({ properties }) => properties.method.enum[0])
)

const mapValues = (object, f) =>
  Object.fromEntries(Object.entries(object).map(([key, item]) => [key, f(item)]))

const withoutTexts = (value) => {
  if (Array.isArray(value)) return value.map(withoutTexts)
  if (typeof value !== "object" || value === null) return value
  const kept = Object.entries(value).filter(
    ([key, item]) => key !== "description" || typeof item !== "string"
  )
  return mapValues(Object.fromEntries(kept), withoutTexts)
}

const references = (value) =>
  typeof value !== "object" || value === null
    ? []
    : Object.entries(value).flatMap(([key, item]) =>
        key === "$ref" ? [item.slice(DEFINITIONS.length)] : references(item)
      )

/** Everything that can be reached from these names. */
const reachable = (names, definition) => {
  const found = new Set(names)
  for (const name of found) for (const used of references(definition(name))) found.add(used)
  return found
}

/** Only the variants of our methods. */
const onlyOurMethods = (schema) => ({
  ...schema,
  oneOf: schema.oneOf.filter(({ properties }) => ourMethods.has(properties.method.enum[0]))
})

const pick = (object, names) => Object.fromEntries(Object.entries(object).filter(([name]) => names.has(name)))

const file = (name, schema) => {
  if (!MESSAGES.includes(path.basename(name, ".json"))) return schema
  const own = onlyOurMethods(schema)
  const used = reachable(references(own.oneOf), (used) => schema.definitions[used])
  return { ...own, definitions: pick(schema.definitions, used) }
}

/** Only the types that have files of their own here, and what is defined in those. */
const bundle = (schema, names) => {
  const { definitions } = schema
  for (const name of MESSAGES) definitions[name] = onlyOurMethods(definitions[name])
  const { v2, ...base } = definitions
  const at = (name) => (name.startsWith("v2/") ? v2[name.slice(3)] : base[name])
  const inV2 = (name) => (v2 !== undefined && name in v2 ? `v2/${name}` : name)
  const used = reachable(
    names.map(inV2).filter((name) => at(name) !== undefined),
    at
  )
  // some stand in both
  for (const name of Object.keys(base)) if (names.includes(name) || used.has(`v2/${name}`)) used.add(name)
  const usedV2 = new Set([...used].filter((name) => name.startsWith("v2/")).map((name) => name.slice(3)))
  return {
    ...schema,
    definitions: { ...pick(base, used), ...(v2 === undefined ? {} : { v2: pick(v2, usedV2) }) }
  }
}

const jsonSchemas = (folder) => {
  const read = (name) => withoutTexts(JSON.parse(fs.readFileSync(path.join(folder, name), "utf8")))
  const shared = filesBelow(folder).filter((name) => ours.has(name))
  const types = shared.filter((name) => !BUNDLES.test(name))
  const inner = types.flatMap((name) => Object.keys(file(name, read(name)).definitions ?? {}))
  const names = types.map((name) => path.basename(name, ".json")).concat(inner)
  return Object.fromEntries(
    shared.map((name) => [name, BUNDLES.test(name) ? bundle(read(name), names) : file(name, read(name))])
  )
}

/** All types in one module; names are unique across the folders. */
const typeScript = (folder, names) => {
  const files = new Map(
    filesBelow(folder)
      .filter((name) => path.basename(name) !== "index.ts")
      .map((name) => [path.basename(name, ".ts"), fs.readFileSync(path.join(folder, name), "utf8")])
  )
  const declaration = (name) => {
    const text = files.get(name).replaceAll(/\/\*\*[^]*?\*\/\n*/g, "")
    const own = text.slice(text.indexOf("export type"))
    if (!MESSAGES.includes(name)) return own
    const [head, union] = own.split(/ ?=\s*/)
    const variants = union.trim().replace(/;$/, "").split(" | ")
    const kept = variants.filter((variant) => ourMethods.has(/"method": "(.*?)"/.exec(variant)?.[1]))
    return `${head} = ${kept.join(" | ")};\n`
  }
  const found = new Set(names.filter((name) => files.has(name)))
  for (const name of found) {
    const own = declaration(name)
    for (const [, used] of files.get(name).matchAll(/^import type \{ (\w+) \}/gm)) {
      if (new RegExp(`\\b${used}\\b`).test(own)) found.add(used)
    }
  }
  return [...found].sort().map(declaration).join("")
}

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "oracle-"))
try {
  for (const [variant, flags] of [
    ["experimental", ["--experimental"]],
    ["stable", []]
  ]) {
    const generate = (what) => {
      const folder = path.join(scratch, variant, what)
      execFileSync(codex, ["app-server", `generate-${what}`, "--out", folder, ...flags])
      return folder
    }
    const schemas = jsonSchemas(generate("json-schema"))
    const names = Object.keys(schemas).map((name) => path.basename(name, ".json"))
    const out = path.join(root, "test/oracle", variant)
    const lines = Object.entries(schemas).map(([name, schema]) => `"${name}": ${JSON.stringify(schema)}`)
    fs.writeFileSync(`${out}.json`, `{\n${lines.join(",\n")}\n}\n`)
    fs.writeFileSync(`${out}.ts`, typeScript(generate("ts"), names))
  }
} finally {
  fs.rmSync(scratch, { recursive: true })
}
