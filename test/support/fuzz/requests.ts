/**
 * Messages made from the contract: params as the schema of their method has them, or with something wrong, in
 * an envelope that is right, or not.
 */
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"
import type * as Rpc from "effect/rpc/Rpc"
import { AppServerRpcs } from "../../../src/rpc/AppServerRpcs.ts"
import { MAX_MESSAGE_BYTES } from "../../../src/services/Connection.ts"
import { harmless, isConfined } from "./harmless.ts"
import { Raw, isReadable, nested, onWire, print, printMembers, type Members } from "./json.ts"
import { mutate } from "./mutations.ts"
import type { Random } from "./random.ts"

/** Of each method, to begin with. */
const INSTANCES = 300

export interface Input {
  readonly text: string
  /** The id that its answer must have, as written there; undefined where there is no answer. */
  readonly id: string | undefined
  /** What the answer may be told by. */
  readonly method?: string
  /** It has to succeed. */
  readonly isProbe?: boolean
  /** The params are as the schema has them. */
  readonly isValid?: boolean
}

/** Params by method, as the schemas have them; a method without params has none. */
export type Instances = ReadonlyMap<string, ReadonlyArray<unknown>>

export const sample = (seed: number): Effect.Effect<Instances> =>
  Effect.forEach([...(AppServerRpcs.requests as ReadonlyMap<string, Rpc.AnyWithProps>)], ([method, rpc]) => {
    const schema = rpc.payloadSchema as unknown as Schema.Codec<unknown>
    return AST.isUndefined(schema.ast)
      ? Effect.succeed([method, [undefined]] as const)
      : Effect.map(
          Effect.orDie(Arbitrary.sampleEffect(Arbitrary.schema(schema), { seed, count: INSTANCES })),
          (params) => [method, params] as const
        )
  }).pipe(Effect.map((all) => new Map<string, ReadonlyArray<unknown>>(all)))

/** The `n`th id of its connection: a value, and how it is written in an answer. */
const idOf = (random: Random, n: number): unknown =>
  random.pick<() => unknown>([
    () => n,
    () => -n,
    () => 2n ** 63n - 1n - BigInt(n),
    () => -(2n ** 63n) + BigInt(n),
    () => 2n ** 53n + BigInt(n),
    () => `${n}`,
    () => `${n}${random.text(random.length(20))}`,
    () => `é"\\\u0000${n}`,
    () => `${"x".repeat(random.length(5000))}${n}`
  ])()

const BAD_IDS: ReadonlyArray<unknown> = [
  ...["1.0", "1e3", "1.5", "-0.0", "1e400"].map((n) => new Raw(n)),
  2n ** 63n,
  -(2n ** 63n) - 1n,
  10n ** 100n,
  null,
  true,
  [],
  [1],
  {},
  { id: 1 }
]

const EXTRA: Members = [
  ["jsonrpc", "2.0"],
  ["trace", null],
  ["trace", { traceparent: "x", tracestate: null }],
  ["trace", {}],
  ["result", 1],
  ["error", null],
  ["__proto__", { id: 5 }],
  ["", [1]],
  ["Id", 5]
]

/** What makes a message of these members one that is not answered. */
const SPOILT: ReadonlyArray<(random: Random, members: Members) => string> = [
  (random, members) => printMembers([["id", random.pick(BAD_IDS)], ...members.slice(1)]),
  (_, members) => printMembers(members.slice(1)), // a notification
  (_, [id, , ...rest]) => printMembers([id!, ...rest]),
  (random, [id, , ...rest]) => printMembers([id!, ["method", random.pick([null, 5, [], {}, true])], ...rest]),
  (_, [id]) => printMembers([id!, ["result", {}]]),
  (_, [id]) => printMembers([id!, ["error", { code: 1, message: "" }]]),
  (random, members) => printMembers([...members, random.pick(members)]),
  (random, members) =>
    printMembers([...members, ["trace", random.pick<unknown>(["", 5, { tracestate: 5 }])]]),
  (_, members) => printMembers([...members, ["deep", nested(128)]]),
  (_, members) => printMembers([...members, ["text", new Raw(String.raw`"\ud800"`)]]),
  (_, members) => `[${printMembers(members)}]`,
  (_, members) => JSON.stringify(printMembers(members)),
  (random, members) => printMembers(members).slice(0, -1 - random.below(3)),
  (random, members) => printMembers(members) + random.pick(["x", "}", ",", "\0", printMembers(members)]),
  (_, members) => `\ufeff${printMembers(members)}`
]

const BLANKS = ["", " ", "\n", "\t\r\n"]

/** The first letters of names may be escaped, and blanks stand between members: all the same to a reader. */
const disguise = (random: Random, text: string): string =>
  random.pick(BLANKS) +
  text.replaceAll(/"(id|method|params)":/g, (_, name: string) => {
    const first = `\\u00${name.charCodeAt(0).toString(16)}`
    return `"${random.chance(0.5) ? first : name[0]}${name.slice(1)}"${random.pick(BLANKS)}:${random.pick(BLANKS)}`
  }) +
  random.pick(BLANKS)

const envelope = (random: Random, n: number, method: string, params: unknown): Members => [
  ["id", idOf(random, n)],
  ["method", method],
  ...(params === undefined ? [] : [["params", params] as const])
]

/** All methods, or those of one family, which have more to do with each other. */
export const somethingOf = (random: Random, instances: Instances): Instances => {
  if (random.chance(0.5)) return instances
  const [family] = random.pick([...instances.keys()]).split("/", 1)
  return new Map([...instances].filter(([method]) => method.startsWith(family!)))
}

/** One message, the `n`th of its connection; what it may touch is below `directory`. */
export const makeRequest = (
  random: Random,
  instances: Instances,
  n: number,
  options: { readonly directory: string; readonly oneLine: boolean }
): Input => {
  const { directory, oneLine } = options
  const method = random.pick([...instances.keys()])
  const instance = onWire(random.pick(instances.get(method)!))
  const holder = { params: harmless(random, method, instance, directory) }
  const isValid = random.chance(0.4)
  if (!isValid) mutate(random, holder)
  const members = envelope(random, n, method, holder.params)
  const isSpoilt = random.chance(0.1)
  const written = isSpoilt
    ? random.pick(SPOILT)(random, members)
    : random.chance(0.2)
      ? disguise(random, printMembers(random.shuffle([...members, random.pick(EXTRA)])))
      : printMembers(members)
  // only between members, for in texts it is escaped
  const text = oneLine ? written.replaceAll("\n", " ") : written
  // a path that was broken into one of somebody else's, or a message that rightly ends the connection
  const isStray = method.startsWith("fs/") && !isConfined(text, directory)
  if (isStray || Buffer.byteLength(text) > MAX_MESSAGE_BYTES) {
    return makeRequest(random, instances, n, options)
  }
  return !isSpoilt && isReadable(text)
    ? { text, id: print(members[0]![1]), method, isValid }
    : { text, id: undefined }
}
