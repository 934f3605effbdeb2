/** The contract as TypeScript, a file for each type that has a name. */
import type * as Schema from "effect/Schema"
import type * as AST from "effect/SchemaAST"
import { RequestId } from "../../rpc/JsonRpc.ts"
import { ClientNotification, ServerNotification, clientRequest } from "./ProtocolMessages.ts"
import type { GenerateOptions } from "./ProtocolTypes.ts"
import { handshakeTypes, methodTypes, requiredName } from "./ProtocolTypes.ts"
import type { Declaration } from "./TypeScriptDeclaration.ts"
import { typeScriptDeclaration } from "./TypeScriptDeclaration.ts"

const HEADER = "// GENERATED from the schemas of the server. Changes made here are lost.\n"

/** Types besides those of the handshake that do not belong to a version of the protocol. */
const UNVERSIONED: ReadonlySet<string> = new Set([
  "AutoCompactTokenLimitScope",
  "ClientNotification",
  "ClientRequest",
  "ForcedLoginMethod",
  "LegacyAppPathString",
  "PathUri",
  "ReasoningEffort",
  "ReasoningSummary",
  "ServerNotification",
  "ToolExposureSurface",
  "Verbosity",
  "WebSearchContextSize",
  "WebSearchLocation",
  "WebSearchMode",
  "WebSearchProvider",
  "WebSearchToolConfig"
])
/** Types of the libraries of the original. */
const LIBRARIES: ReadonlyMap<string, string> = new Map([["JsonValue", "serde_json"]])

/** The declarations of these types and of all that they lead to. */
const declarations = (roots: ReadonlyArray<Schema.Top>, options: GenerateOptions) => {
  const found = new Map<string, Declaration>()
  const visit = (ast: AST.AST, name: string) => {
    if (found.has(name)) return
    const declaration = typeScriptDeclaration(ast, options)
    found.set(name, declaration)
    for (const [used, type] of declaration.uses) visit(type, used)
  }
  for (const { ast } of roots) visit(ast, requiredName(ast))
  return found
}

const index = (names: ReadonlyArray<string>) =>
  names
    .toSorted()
    .map((name) => `export type { ${name} } from "./${name}"\n`)
    .join("")

/** Every file by its name. */
export const typeScriptFiles = (options: GenerateOptions): ReadonlyMap<string, string> => {
  const base = [...handshakeTypes, RequestId]
  const messages = [clientRequest(options), ClientNotification, ServerNotification]
  const unversioned = declarations(base, options)
  const all = declarations([...base, ...messages, ...methodTypes(options)], options)
  const folderOf = (name: string) =>
    LIBRARIES.get(name) ?? (unversioned.has(name) || UNVERSIONED.has(name) ? "" : "v2")
  const within = (folder: string) => [...all.keys()].filter((name) => folderOf(name) === folder)

  const pathFrom = (folder: string, name: string) => {
    const target = folderOf(name)
    if (target === folder) return `./${name}`
    return `${folder === "" ? "." : ".."}/${target === "" ? "" : `${target}/`}${name}`
  }
  const file = ([name, { text, uses }]: readonly [string, Declaration]) => {
    const folder = folderOf(name)
    const imports = [...uses.keys()]
      .toSorted()
      .map((used) => `import type { ${used} } from "${pathFrom(folder, used)}"\n`)
    const head = imports.length > 0 ? `${HEADER}${imports.join("")}` : HEADER
    return [`${folder === "" ? "" : `${folder}/`}${name}.ts`, `${head}\n${text}`] as const
  }
  return new Map([
    ...[...all].map(file),
    ["index.ts", `${HEADER}\n${index(within(""))}export * as v2 from "./v2"\n`],
    ["v2/index.ts", `${HEADER}\n${index(within("v2"))}`]
  ])
}
