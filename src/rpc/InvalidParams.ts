/**
 * What is wrong with params, in the words that clients of the original know (those of Rust's serde).
 *
 * Only refused params come here: the first problem in the order of the text is told, then missing members.
 * It also does what serde does with an array where an object is wanted: it takes the members by position.
 */
import type * as Schema from "effect/Schema"
import type * as AST from "effect/SchemaAST"
import { INTEGER_RANGES, isJsonFloat } from "./Primitives.ts"

/** An annotation of a schema: of its last check that has it, else of its type. */
const annotation = (
  ast: AST.AST,
  key: "identifier" | "format" | "expected" | "message"
): string | undefined => {
  const check = ast.checks?.findLast((check) => check.annotations?.[key] !== undefined)
  return (check ?? ast).annotations?.[key] as string | undefined
}
const isStruct = (ast: AST.AST): ast is AST.Objects =>
  ast._tag === "Objects" && ast.indexSignatures.length === 0
const elements = (n: number) => (n === 1 ? "1 element" : `${n} elements`)

/** What Rust escapes in texts for debugging. */
const ESCAPED = /["\\]|(?! )[\p{C}\p{Z}\p{Grapheme_Extend}]/gu
const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ["\\", "\\\\"],
  ["\0", "\\0"],
  ["\t", "\\t"],
  ["\n", "\\n"],
  ["\r", "\\r"]
])
const debug = (text: string): string =>
  `"${text.replaceAll(ESCAPED, (c) => SHORT_ESCAPES.get(c) ?? `\\u{${c.codePointAt(0)!.toString(16)}}`)}"`

/** The value as serde names it. */
const shown = (value: unknown): string => {
  if (value === null) return "null"
  if (isJsonFloat(value)) return `floating point \`${value().toFixed(1)}\``
  switch (typeof value) {
    case "boolean":
      return `boolean \`${value}\``
    case "string":
      return `string ${debug(value)}`
    case "number":
    case "bigint":
      return `${isInteger(value) ? "integer" : "floating point"} \`${value}\``
    default:
      return Array.isArray(value) ? "sequence" : "map"
  }
}
const isInteger = (value: unknown): value is number | bigint =>
  typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value))

const invalidType = (value: unknown, expected: string) =>
  `invalid type: ${shown(value)}, expected ${expected}`

/** The union without null and behind suspensions: what a value that is not null must be. */
const present = (ast: AST.AST): AST.AST => {
  if (ast._tag === "Suspend") return present(ast.thunk())
  if (ast._tag !== "Union") return ast
  const types = ast.types.filter((type) => type._tag !== "Null")
  return types.length === 1 ? present(types[0]!) : ast
}

/** What passes for no params at all. */
const isEmptyMap = (value: unknown) => shown(value) === "map" && Object.keys(value as object).length === 0

const acceptsNull = (type: AST.AST): boolean =>
  type._tag === "Union" && type.types.some((member) => member._tag === "Null")

const literals = (ast: AST.AST): ReadonlyArray<string> =>
  ast._tag === "Literal" ? [String(ast.literal)] : ast._tag === "Union" ? ast.types.flatMap(literals) : []

const unknownVariant = (value: string, variants: ReadonlyArray<string>) => {
  const names = variants.map((variant) => `\`${variant}\``)
  const expected = names.length === 2 ? names.join(" or ") : `one of ${names.join(", ")}`
  return `unknown variant \`${value}\`, expected ${expected}`
}

/** Whether a member may be missing where members are taken by position: not if null stands for its absence. */
const hasDefault = ({ type }: AST.PropertySignature): boolean =>
  type.context?.isOptional === true && !acceptsNull(type)

const explainStruct = (ast: AST.Objects, value: unknown): string | undefined => {
  const name = `struct ${annotation(ast, "identifier") ?? "object"}`
  const members = ast.propertySignatures
  if (Array.isArray(value)) {
    for (const [i, member] of members.entries()) {
      if (i >= value.length) {
        if (hasDefault(member)) continue
        return `invalid length ${i}, expected ${name} with ${elements(members.length)}`
      }
      const problem = explain(member.type, value[i])
      if (problem !== undefined) return problem
    }
    return value.length > members.length
      ? `invalid length ${value.length}, expected ${elements(members.length)} in sequence`
      : undefined
  }
  if (shown(value) !== "map") return invalidType(value, name)
  for (const [key, item] of Object.entries(value as object)) {
    const member = members.find((member) => member.name === key)
    const problem = member && explain(member.type, item)
    if (problem !== undefined) return problem
  }
  const missing = members.find(
    (m) => !Object.hasOwn(value as object, m.name) && m.type.context?.isOptional !== true
  )
  return missing && `missing field \`${String(missing.name)}\``
}

const tagOf = (struct: AST.Objects): string =>
  literals(struct.propertySignatures.find((member) => member.name === "type")!.type)[0]!

/** A union of structs told apart by their `type`. */
const explainTagged = (ast: AST.Union, value: unknown): string | undefined => {
  if (shown(value) !== "map") {
    return invalidType(value, annotation(ast, "expected") ?? "internally tagged enum")
  }
  const { type } = value as { readonly type?: unknown }
  if (type === undefined) return "missing field `type`"
  const structs = ast.types.filter(isStruct)
  if (typeof type !== "string") return invalidType(type, "variant identifier")
  const struct = structs.find((struct) => tagOf(struct) === type)
  return struct ? explainStruct(struct, value) : unknownVariant(type, structs.map(tagOf))
}

const explain = (type: AST.AST, value: unknown): string | undefined => {
  const ast = present(type)
  if (value === null && acceptsNull(type)) return undefined
  const expected = annotation(ast, "expected")
  if (annotation(ast, "format") !== undefined && expected !== undefined) {
    if (!isInteger(value)) return invalidType(value, expected)
    return inRange(expected, value) ? undefined : `invalid value: integer \`${value}\`, expected ${expected}`
  }
  switch (ast._tag) {
    case "Boolean":
      return typeof value === "boolean" ? undefined : invalidType(value, "a boolean")
    case "String": {
      if (typeof value !== "string") return invalidType(value, expected ?? "a string")
      const valid = ast.checks?.every(
        (check) => check._tag !== "Filter" || check.run(value, ast, {}) === undefined
      )
      return valid === false ? annotation(ast, "message") : undefined
    }
    case "Arrays": {
      if (!Array.isArray(value)) return invalidType(value, "a sequence")
      return firstProblem(ast.rest[0]!, value)
    }
    case "Objects": {
      const values = ast.indexSignatures[0]
      if (values === undefined) return explainStruct(ast, value)
      if (shown(value) !== "map") return invalidType(value, "a map")
      return firstProblem(values.type, Object.values(value as object))
    }
    case "Union": {
      if (ast.types.some(isStruct)) return explainTagged(ast, value)
      if (typeof value !== "string") return invalidType(value, "string or map")
      return literals(ast).includes(value) ? undefined : unknownVariant(value, literals(ast))
    }
    case "Undefined":
      return isEmptyMap(value) ? undefined : invalidType(value, "unit")
    default:
      return undefined
  }
}

const firstProblem = (ast: AST.AST, values: ReadonlyArray<unknown>): string | undefined => {
  for (const value of values) {
    const problem = explain(ast, value)
    if (problem !== undefined) return problem
  }
  return undefined
}

const inRange = (type: string, value: number | bigint) => {
  const [minimum, maximum] = INTEGER_RANGES[type as keyof typeof INTEGER_RANGES]
  return BigInt(value) >= minimum && BigInt(value) <= maximum
}

/** Arrays in place of objects become objects, their members taken by position. */
const byPosition = (type: AST.AST, value: unknown): unknown => {
  const ast = present(type)
  if (ast._tag === "Undefined") return undefined
  if (ast._tag === "Arrays" && Array.isArray(value))
    return value.map((item) => byPosition(ast.rest[0]!, item))
  if (isStruct(ast)) {
    if (typeof value !== "object" || value === null) return value
    const entries = Array.isArray(value)
      ? value.map((item, i) => [String(ast.propertySignatures[i]?.name), item] as const)
      : Object.entries(value)
    return Object.fromEntries(
      entries.map(([key, item]) => {
        const member = ast.propertySignatures.find((member) => member.name === key)
        return [key, member ? byPosition(member.type, item) : item]
      })
    )
  }
  return value
}

/** What became of params that the schema refused. */
export type Judgement =
  | { readonly _tag: "ByPosition"; readonly params: unknown }
  | { readonly _tag: "Problem"; readonly message: string }

/** Judges params that `schema` refused. */
export const judge = (schema: Schema.Top, params: unknown): Judgement => {
  const message = explain(schema.ast, params)
  return message === undefined
    ? { _tag: "ByPosition", params: byPosition(schema.ast, params) }
    : { _tag: "Problem", message }
}
