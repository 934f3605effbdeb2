/** What Codex generates beside what we generate, and instances to compare them with. */
import { Ajv, type ValidateFunction } from "ajv"
import * as Arbitrary from "effect/Arbitrary"
import * as JsonSchema from "effect/JsonSchema"
import * as Schema from "effect/Schema"
import * as SchemaRepresentation from "effect/SchemaRepresentation"
import { jsonSchemaFiles } from "../../src/layers/cli/JsonSchemaFiles.ts"
import {
  ClientNotification,
  ServerNotification,
  clientRequest
} from "../../src/layers/cli/ProtocolMessages.ts"
import { ENVELOPE, handshakeTypes, methodTypes, requiredName } from "../../src/layers/cli/ProtocolTypes.ts"
import { INTEGER_RANGES } from "../../src/rpc/Primitives.ts"
import experimental from "../oracle/experimental.json" with { type: "json" }
import stable from "../oracle/stable.json" with { type: "json" }

export type Json = any

/** Types of our own, which clients see only if they ask for them. */
export const EXTENSIONS: ReadonlySet<string> = new Set([
  "CommandExecExtendedResponse",
  "ProcessExitedExtendedNotification"
])

const isExtension = (file: string) => EXTENSIONS.has(file.replace(/^.*\/|\.json$/g, ""))

export interface Variant {
  readonly name: string
  readonly options: { readonly experimental: boolean }
  /** Each file by its name, parsed. */
  readonly ours: ReadonlyMap<string, Json>
  readonly theirs: ReadonlyMap<string, Json>
  /** The types of our files, by name. */
  readonly schemas: ReadonlyMap<string, Schema.Codec<unknown, Json>>
}

const variant = (name: string, options: Variant["options"], theirs: object): Variant => ({
  name,
  options,
  ours: new Map(
    [...jsonSchemaFiles(options)].flatMap(([file, text]) =>
      isExtension(file) ? [] : [[file, JSON.parse(text)]]
    )
  ),
  theirs: new Map(Object.entries(theirs)),
  schemas: new Map(
    [
      ...ENVELOPE,
      ...handshakeTypes,
      ...methodTypes(options),
      clientRequest(options),
      ClientNotification,
      ServerNotification
    ].map((schema) => [requiredName(schema.ast), schema as Schema.Codec<unknown, Json>])
  )
})

export const VARIANTS: ReadonlyArray<Variant> = [
  variant("experimental", { experimental: true }, experimental),
  variant("stable", { experimental: false }, stable)
]

/** The name of the type in a file. */
export const nameOf = (file: string) => file.replace(/^.*\/|\.json$/g, "")

/** Files with many types in each. */
export const isBundle = (file: string) => file.startsWith("codex_app_server_protocol.")

/** Instances that a JSON schema accepts. */
export const instancesOf = (schema: Json): Arbitrary.Arbitrary<Json> =>
  Arbitrary.schema(
    SchemaRepresentation.fromJsonSchemaDocument(
      JsonSchema.fromSchemaDraft07(schema)
    ) as unknown as Schema.Codec<Json>
  )

/** Judges instances by JSON schemas. Formats of integers count, although generators may ignore them. */
const makeAjv = () => {
  const ajv = new Ajv({ strict: false, meta: false, validateSchema: false })
  for (const [format, [minimum, maximum]] of [
    ["int32", INTEGER_RANGES.i32],
    ["int64", INTEGER_RANGES.i64],
    ["uint", INTEGER_RANGES.usize],
    ["uint16", INTEGER_RANGES.u16],
    ["uint32", [0n, 2n ** 32n - 1n]],
    ["uint64", INTEGER_RANGES.usize]
  ] as const) {
    const validate = (n: number) => Number.isInteger(n) && n >= Number(minimum) && n <= Number(maximum)
    ajv.addFormat(format, { type: "number", validate })
  }
  return ajv
}

const compilers = new WeakMap<object, Ajv>()
const ROOT = "root"

/** Judges instances of the whole, or of one definition. */
export const judge = (schema: Json, definition?: string): ValidateFunction => {
  const ajv = compilers.get(schema) ?? makeAjv().addSchema(schema, ROOT)
  compilers.set(schema, ajv)
  return ajv.compile({ $ref: definition === undefined ? ROOT : `${ROOT}#/definitions/${definition}` })
}

/** What may stand in a wrong place. */
const MISFITS: ReadonlyArray<Json> = [null, true, 0, -1, 1.5, 65_536, 2 ** 31, "x", [], {}]

/** An instance with one part removed, added or replaced, each part in turn. */
export function* broken(instance: Json): Generator<Json> {
  yield* MISFITS
  if (typeof instance !== "object" || instance === null) return
  if (Array.isArray(instance)) {
    for (const [i, item] of instance.entries()) {
      for (const other of broken(item)) yield instance.with(i, other)
    }
    for (const item of MISFITS) yield [...instance, item]
    return
  }
  for (const key of Object.keys(instance)) {
    const { [key]: item, ...others } = instance
    yield others
    for (const other of broken(item)) yield { ...others, [key]: other }
  }
  yield { ...instance, zz: 0 }
}
