/** The keys of a layer that nobody knows. Only tables whose members are known are looked at. */
import type * as Schema from "effect/Schema"
import type * as AST from "effect/SchemaAST"
import { CONFIG_DEFAULTS } from "./ConfigDefaults.ts"
import { isTable } from "./ConfigLayers.ts"
import { ConfigToml } from "./ConfigToml.ts"

type KeyPath = ReadonlyArray<string>

/** The type without null; undefined where there are several, for then it is not known which one is meant. */
const only = (ast: AST.AST): AST.AST | undefined => {
  if (ast._tag !== "Union") return ast
  const types = ast.types.filter((type) => type._tag !== "Null")
  return types.length === 1 ? types[0] : undefined
}

const inTable = (type: AST.AST, value: unknown, path: KeyPath): ReadonlyArray<KeyPath> => {
  const ast = only(type)
  if (ast?._tag !== "Objects" || !isTable(value)) return []
  const { indexSignatures, propertySignatures } = ast
  return Object.entries(value).flatMap(([key, inner]) => {
    const member = propertySignatures.find(({ name }) => name === key)
    const here = [...path, key]
    if (member !== undefined) return inTable(member.type, inner, here)
    const [others] = indexSignatures
    if (others === undefined) return [here]
    // what stands beside named members is not looked into, as in the original
    return propertySignatures.length === 0 ? inTable(others.type, inner, here) : []
  })
}

/** The paths of the unknown keys, in the order of the table. */
export const unknownKeys = (config: Schema.JsonObject): ReadonlyArray<KeyPath> =>
  Object.entries(config).flatMap(([key, value]) =>
    Object.hasOwn(CONFIG_DEFAULTS, key)
      ? inTable(ConfigToml.ast, { [key]: value }, []).filter((path) => path.length > 1)
      : [[key]]
  )
