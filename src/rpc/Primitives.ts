/**
 * The scalar schemas of the wire and the five ways in which a member of an object may be missing.
 *
 * JSON numbers are read losslessly (see `LosslessJson`), so an integer is a `number` while it is exact and a
 * `bigint` beyond 2^53, and a fraction or an exponent never passes for an integer.
 */
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

declare module "effect/Schema" {
  namespace Annotations {
    interface Annotations {
      /** For the TypeScript generator: the member is written without `?` although a reader may leave it out. */
      readonly alwaysPresent?: boolean | undefined
      /** The member, or the method, needs the `experimentalApi` capability. */
      readonly experimental?: boolean | undefined
      /** For the TypeScript generator: null is for readers only, for writers leave the member out. */
      readonly neverNull?: boolean | undefined
      /** For the TypeScript generator: the type, where it is not what follows from the schema. */
      readonly typescript?: string | undefined
      /** For the JSON schema generator: the object has no other members. */
      readonly closed?: boolean | undefined
    }
  }
}

/** The least and the greatest value of each kind of integer, by the name that Rust has for it. */
export const INTEGER_RANGES = {
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
  i32: [-(2n ** 31n), 2n ** 31n - 1n],
  usize: [0n, 2n ** 64n - 1n],
  u16: [0n, 2n ** 16n - 1n]
} as const satisfies Record<string, readonly [minimum: bigint, maximum: bigint]>

const large = (format: string, expected: "i64" | "usize") => {
  const [minimum, maximum] = INTEGER_RANGES[expected]
  return Schema.Union([
    Schema.Int.check(Schema.isBetween({ minimum: Number(minimum), maximum: Number(maximum) })),
    Schema.BigInt.check(
      Schema.makeFilter((n) => n >= minimum && n <= maximum && !Number.isSafeInteger(Number(n)))
    )
  ]).annotate({ format, expected })
}

const small = (format: string, expected: "i32" | "u16") => {
  const [minimum, maximum] = INTEGER_RANGES[expected]
  const between = Schema.isBetween({ minimum: Number(minimum), maximum: Number(maximum) })
  return Schema.Int.check(between).annotate({ format, expected })
}

/** A signed 64-bit integer: `number` while exact, else `bigint`. */
export const Int64 = large("int64", "i64")
/** An unsigned 64-bit integer, the `usize` of the original: `number` while exact, else `bigint`. */
export const UInt = large("uint", "usize")
/** As {@link Int64}, where the original says nothing of `number` and its TypeScript therefore has `bigint`. */
export const BigInt64 = Int64.annotate({ typescript: "bigint" })
/** A signed 32-bit integer. */
export const Int32 = small("int32", "i32")
/** An unsigned 16-bit integer. */
export const UInt16 = small("uint16", "u16")

/** A file name as the system has it, absolute or not. */
export const PathString = Schema.String.annotate({ expected: "path string" })

/** An absolute path. A relative one is refused, for there is no directory that it could start from. */
export const AbsolutePathBuf = Schema.String.check(
  Schema.isPattern(/^\//, {
    expected: "path string",
    message: "AbsolutePathBuf deserialized without a base path",
    toJsonSchema: () => ({})
  })
).annotate({ identifier: "AbsolutePathBuf" })

/**
 * A number written with a fraction or an exponent although its value is whole, such as `2.0`. It is a function so
 * that no schema takes it: neither for an integer nor, as any object would be, for a struct without its members.
 */
export interface JsonFloat {
  (): number
  /** What `JSON.stringify` prints. */
  readonly toJSON: () => number
}
export const JsonFloat = (value: number): JsonFloat => Object.assign(() => value, { toJSON: () => value })
export const isJsonFloat = (u: unknown): u is JsonFloat => typeof u === "function"

/** Any JSON value. What was read from JSON text is not looked at again. */
export const JsonValue: Schema.declare<unknown> = Schema.declare(
  (_input: unknown): _input is unknown => true,
  {
    identifier: "JsonValue",
    typescript: "number | string | boolean | Array<JsonValue> | { [key in string]?: JsonValue } | null",
    toCodecJson: () => undefined,
    toCodecArbitrary: () =>
      Schema.link<unknown>()(Schema.Json, {
        decode: SchemaGetter.transform((json: Schema.Json): unknown => json),
        encode: SchemaGetter.transform((value: unknown) => value as Schema.Json)
      })
  }
)

/** Makes one for each schema: hundreds of members are of a few kinds, and the start waits for all that is made. */
const shared = <F extends (schema: any) => Schema.Top>(make: F): F => {
  const made = new WeakMap<Schema.Top, Schema.Top>()
  const get = (schema: Schema.Top) => {
    const known = made.get(schema) ?? make(schema)
    made.set(schema, known)
    return known
  }
  return get as F
}

/** A member that may be left out, but is not null: `key?: T`. */
export const optional = shared(<S extends Schema.Top>(schema: S) => Schema.optionalKey(schema))

/** A member that may be left out or null, which mean the same: `key?: T | null`. */
export const optionalNullable = shared(<S extends Schema.Top>(schema: S) =>
  Schema.optionalKey(Schema.NullOr(schema))
)

/** As {@link optionalNullable}, but writers always write it: `key: T | null`. */
export const nullable = shared(<S extends Schema.Top>(schema: S) =>
  optionalNullable(schema).annotateKey({ alwaysPresent: true })
)

/** As {@link optionalNullable}, but writers leave it out rather than write null: `key?: T`. */
export const omittable = <S extends Schema.Top>(schema: S) =>
  optionalNullable(schema).annotateKey({ neverNull: true })

/** A member that a reader fills in when it is missing: `key: T`. */
export const defaulted = <S extends Schema.Top>(schema: S, value: S["Type"]) =>
  Schema.optionalKey(schema.annotate({ default: value })).annotateKey({ alwaysPresent: true })
