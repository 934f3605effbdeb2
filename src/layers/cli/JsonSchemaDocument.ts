/** One type as JSON schema (draft 7). */
import type * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"
import type { GenerateOptions } from "./ProtocolTypes.ts"
import { isJsonValue, membersOf, nameOf, onTheWire, requiredName, withoutNull } from "./ProtocolTypes.ts"

export type JsonObject = { readonly [key: string]: unknown }
type JsonSchema = true | JsonObject

export const DRAFT_07 = "http://json-schema.org/draft-07/schema#"

/** A type with a name goes to `definitions` and is referred to; this is what the walk collects there. */
type Definitions = Map<string, JsonSchema>

const isEmpty = (value: object) => Object.keys(value).length === 0

const describe = (description: string | undefined) => (description === undefined ? {} : { description })

const pascal = (name: string) => name.replaceAll(/(?:^|[-_])(.)/g, (_, first: string) => first.toUpperCase())

/** The members that tell the structs of a union apart: the kind of a thing, or the method of a message. */
const TAGS: ReadonlySet<string> = new Set(["type", "method"])

/** The member that tells it apart, and its value. */
const tagOf = (ast: AST.Objects): { readonly key: string; readonly value: string } | undefined => {
  for (const { name, type } of ast.propertySignatures) {
    if (TAGS.has(String(name)) && type._tag === "Literal") {
      return { key: String(name), value: String(type.literal) }
    }
  }
  return undefined
}

/** What structs of a union are called besides their tag: all of its name, but what it ends with for messages. */
const suffixOf = (union: string, tag: string | undefined) =>
  tag === "method" ? union.slice(union.search(/[A-Z][a-z]*$/)) : union

/** What the checks of a text add to its type; an inexact answer comes with a flag. */
const constraints = (ast: AST.String): JsonObject => {
  const outputs = (ast.checks ?? []).map((check) =>
    check.annotations?.toJsonSchema?.({ type: "string", schemas: [] })
  )
  return Object.assign({}, ...outputs.map((output) => (Array.isArray(output) ? output[0] : output)))
}

/** Unions of literals and of structs without names are the enums of the original. */
const isVariant = (ast: AST.AST) =>
  ast._tag === "Literal" || (ast._tag === "Objects" && nameOf(ast) === undefined)

const walk = (options: GenerateOptions, definitions: Definitions) => {
  /** A type where it is used: a reference if it has a name. */
  const use = (ast: AST.AST): JsonSchema => {
    if (isJsonValue(ast)) return true
    const name = nameOf(ast)
    if (name === undefined) return define(ast)
    if (!definitions.has(name)) {
      definitions.set(name, true) // before its members, for they may lead back to it
      definitions.set(name, define(ast))
    }
    return { $ref: `#/definitions/${name}` }
  }

  const define = (ast: AST.AST): JsonObject => ({ ...describe(AST.resolveDescription(ast)), ...shape(ast) })

  const shape = (ast: AST.AST): JsonObject => {
    const format = AST.resolveAt<string>("format")(ast)
    // the format says the range, so only what the sign forbids is said once more
    if (format !== undefined)
      return { type: "integer", format, ...(format.startsWith("uint") && { minimum: 0 }) }
    switch (ast._tag) {
      case "Boolean":
        return { type: "boolean" }
      case "String":
        return { type: "string", ...constraints(ast) }
      case "Null":
        return { type: "null" }
      case "Literal":
        return { type: "string", enum: [ast.literal] }
      case "Arrays":
        return { type: "array", items: use(ast.rest[0]!) }
      case "Objects":
        return objects(ast)
      case "Union":
        return union(ast)
      case "Declaration":
        return shape(onTheWire(ast))
      default:
        throw new Error(`There is no JSON schema for a ${ast._tag}`)
    }
  }

  const objects = (ast: AST.Objects): JsonObject => {
    const members = membersOf(ast, options)
    const properties = Object.fromEntries(members.map((member) => [member.key, property(member.type)]))
    const required = members.filter(({ type }) => !AST.isOptional(type)).map(({ key }) => key)
    const additional = ast.indexSignatures.map(({ type }) => use(type))[0]
    // what a type with a name holds besides its members is open, unless it is closed: the original says no more
    const shown = nameOf(ast) === undefined || additional === true ? additional : undefined
    return {
      type: "object",
      ...(!isEmpty(properties) && { properties }),
      ...(required.length > 0 && { required: required.toSorted() }),
      ...(shown !== undefined && { additionalProperties: shown }),
      ...(AST.resolveAt<boolean>("closed")(ast) === true && { additionalProperties: false })
    }
  }

  /** A member: its own description and default stand beside the type. */
  const property = (ast: AST.AST): JsonSchema => {
    const schema = use(ast)
    const annotations = AST.resolve(ast)
    const beside = {
      ...describe(ast.context?.annotations?.description),
      ...(annotations !== undefined && "default" in annotations && { default: annotations.default })
    }
    if (isEmpty(beside)) return schema
    if (schema === true) return beside
    // draft 7 ignores whatever stands beside a reference
    return "$ref" in schema ? { allOf: [schema], ...beside } : { ...schema, ...beside }
  }

  const union = (ast: AST.Union): JsonObject => {
    const present = withoutNull(ast)
    if (present !== undefined) {
      const schema = use(present)
      return schema !== true && typeof schema.type === "string"
        ? { ...schema, type: [schema.type, "null"] }
        : { anyOf: [schema, { type: "null" }] }
    }
    if (!ast.types.every(isVariant)) return { anyOf: ast.types.map(use) }
    // literals about which there is nothing to say share one schema
    const bare = ast.types.filter(
      (type) => type._tag === "Literal" && AST.resolveDescription(type) === undefined
    )
    const others = ast.types.filter((type) => !bare.includes(type)).map((type) => variant(type, nameOf(ast)))
    const literals = bare.map((type) => (type as AST.Literal).literal)
    const variants = literals.length > 0 ? [{ type: "string", enum: literals }, ...others] : others
    return others.length === 0 ? variants[0]! : { oneOf: variants }
  }

  /** Structs in a union have titles, after which code generators name them. */
  const variant = (ast: AST.AST, union: string | undefined): JsonObject => {
    const schema = define(ast)
    if (ast._tag !== "Objects" || union === undefined) return schema
    const tag = tagOf(ast)
    const title = pascal(tag?.value ?? String(ast.propertySignatures[0]!.name)) + suffixOf(union, tag?.key)
    if (tag === undefined) return { ...schema, title }
    const properties = schema.properties as Record<string, JsonObject>
    const member = { ...properties[tag.key], title: title + pascal(tag.key) }
    return { ...schema, title, properties: { ...properties, [tag.key]: member } }
  }

  return define
}

/** With the members of each object in the order of their names. */
export const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : typeof value === "object" && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .toSorted(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, item]) => [key, sorted(item)])
        )
      : value

/** The JSON schema of one type, with the definitions of all that it refers to. */
export const jsonSchemaDocument = (schema: Schema.Top, options: GenerateOptions): JsonObject => {
  const definitions: Definitions = new Map()
  const root = walk(options, definitions)(schema.ast)
  return sorted({
    $schema: DRAFT_07,
    title: requiredName(schema.ast),
    ...root,
    ...(definitions.size > 0 && { definitions: Object.fromEntries(definitions) })
  }) as JsonObject
}
