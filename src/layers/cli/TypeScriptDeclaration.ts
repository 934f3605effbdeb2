/** One type as a TypeScript declaration. */
import * as AST from "effect/SchemaAST"
import type { GenerateOptions } from "./ProtocolTypes.ts"
import { membersOf, nameOf, onTheWire, requiredName, withoutNull } from "./ProtocolTypes.ts"

export interface Declaration {
  /** `export type … = …` with its comment. */
  readonly text: string
  /** The other types with a name in it. */
  readonly uses: ReadonlyMap<string, AST.AST>
}

const comment = (description: string | undefined, indent: string) =>
  description === undefined ? "" : `${indent}/** ${description.replaceAll("*/", "*\\/")} */\n`

/** A name of a member, in quotes where it is no identifier. */
const property = (key: string) => (/^[\w$]+$/.test(key) ? key : JSON.stringify(key))

/** The TypeScript declaration of one type. */
export const typeScriptDeclaration = (root: AST.AST, options: GenerateOptions): Declaration => {
  const rootName = requiredName(root)
  const uses = new Map<string, AST.AST>()

  /** A type where it is used: its name if it has one. */
  const use = (ast: AST.AST, indent: string): string => {
    const name = nameOf(ast)
    if (name === undefined) return define(ast, indent)
    if (name !== rootName) uses.set(name, ast)
    return name
  }

  const define = (ast: AST.AST, indent: string): string => {
    const given = AST.resolveAt<string>("typescript")(ast)
    if (given !== undefined) return given
    if (AST.resolveAt<string>("format")(ast) !== undefined) return "number"
    switch (ast._tag) {
      case "Boolean":
        return "boolean"
      case "String":
        return "string"
      case "Null":
        return "null"
      case "Literal":
        return JSON.stringify(ast.literal)
      case "Arrays":
        return `Array<${use(ast.rest[0]!, indent)}>`
      case "Objects":
        return objects(ast, indent)
      case "Union":
        return union(ast, indent)
      case "Declaration":
        return define(onTheWire(ast), indent)
      default:
        throw new Error(`There is no TypeScript for a ${ast._tag}`)
    }
  }

  const objects = (ast: AST.Objects, indent: string): string => {
    const members = membersOf(ast, options).map(({ annotations, key, type }) => {
      const present = annotations?.neverNull === true ? (withoutNull(type) ?? type) : type
      const mark = AST.isOptional(type) && annotations?.alwaysPresent !== true ? "?" : ""
      const text = use(present, `${indent}  `)
      const separator = text.startsWith("\n") ? ":" : ": "
      return `${comment(annotations?.description, `${indent}  `)}${indent}  ${property(key)}${mark}${separator}${text}\n`
    })
    const struct = members.length > 0 ? [`{\n${members.join("")}${indent}}`] : []
    const maps = ast.indexSignatures.map(({ type }) => {
      // what a type with a name holds besides its members is written out, as the original has it
      const inline = nameOf(ast) !== undefined && type._tag === "Objects"
      return `{ [key in string]?: ${inline ? define(type, indent) : use(type, indent)} }`
    })
    return [...struct, ...maps].join(" & ") || "Record<string, never>"
  }

  const union = (ast: AST.Union, indent: string): string => {
    const isLong = ast.types.some(
      (type) => type._tag === "Objects" || AST.resolveDescription(type) !== undefined
    )
    if (!isLong || withoutNull(ast) !== undefined)
      return ast.types.map((type) => use(type, indent)).join(" | ")
    const inner = `${indent}  `
    const variants = ast.types.map(
      (type) => `${comment(AST.resolveDescription(type), inner)}${inner}| ${use(type, `${inner}  `)}`
    )
    return `\n${variants.join("\n")}`
  }

  const body = define(root, "")
  const separator = body.startsWith("\n") ? "" : " "
  return {
    text: `${comment(AST.resolveDescription(root), "")}export type ${rootName} =${separator}${body}\n`,
    uses
  }
}
