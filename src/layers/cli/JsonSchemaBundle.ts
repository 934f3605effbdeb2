/** All JSON schemas in one document, in the two forms of the original. */
import { DRAFT_07, sorted, type JsonObject } from "./JsonSchemaDocument.ts"

/** Each document by its path without `.json`. */
type Documents = ReadonlyMap<string, JsonObject>
type Definitions = Readonly<Record<string, unknown>>

const PREFIX = "#/definitions/"

/** Renames what is referred to. */
const withReferences = (value: unknown, rename: (name: string) => string): unknown => {
  if (Array.isArray(value)) return value.map((item) => withReferences(item, rename))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === "$ref" ? PREFIX + rename(String(item).slice(PREFIX.length)) : withReferences(item, rename)
    ])
  )
}

/** These names, those that their definitions refer to, and so on. */
const reachable = (names: ReadonlyArray<string>, definitions: Definitions): ReadonlySet<string> => {
  const found = new Set(names)
  // a set grows while it is walked
  for (const name of found) {
    withReferences(definitions[name], (used) => {
      found.add(used)
      return used
    })
  }
  return found
}

/** The documents below a folder themselves, and what they define besides. */
const within = (documents: Documents, folder: string) => {
  const own: Record<string, unknown> = {}
  const inner: Record<string, unknown> = {}
  for (const [path, { definitions, ...document }] of documents) {
    const slash = path.lastIndexOf("/") + 1
    if (path.slice(0, slash) !== folder) continue
    own[path.slice(slash)] = document
    Object.assign(inner, definitions)
  }
  return { own, inner }
}

const split = (documents: Documents): { readonly base: Definitions; readonly v2: Definitions } => {
  const [messages, handshake, methods] = ["", "v1/", "v2/"].map((folder) => within(documents, folder))
  const v2 = { ...methods!.inner, ...methods!.own }
  // what messages and methods share belongs to the methods
  const others = Object.entries(messages!.inner).filter(([name]) => !Object.hasOwn(v2, name))
  return {
    base: { ...Object.fromEntries(others), ...handshake!.inner, ...handshake!.own, ...messages!.own },
    v2
  }
}

const document = (title: string, definitions: unknown) =>
  sorted({ $schema: DRAFT_07, title, type: "object", definitions }) as JsonObject

/** Types of version 2 in a namespace of their own, everything else beside it. */
export const bundle = (documents: Documents): JsonObject => {
  const { base, v2 } = split(documents)
  const rename = (name: string) => (Object.hasOwn(v2, name) ? `v2/${name}` : name)
  return document("CodexAppServerProtocol", withReferences({ ...base, v2 }, rename))
}

/** Types of version 2 and the messages that they stand in, without namespaces: for generators that know none. */
export const bundleV2 = (documents: Documents): JsonObject => {
  const { base, v2 } = split(documents)
  const used = reachable(["ClientRequest", "ServerNotification"], { ...base, ...v2 })
  const needed = Object.entries(base).filter(([name]) => used.has(name))
  return document("CodexAppServerProtocolV2", { ...Object.fromEntries(needed), ...v2 })
}
