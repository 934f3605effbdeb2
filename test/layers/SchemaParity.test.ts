/** What we generate beside what Codex 0.169.0 generates: the same files, which accept and refuse the same instances. */
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import type { ValidateFunction } from "ajv"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import {
  EXTENSIONS,
  VARIANTS,
  broken,
  instancesOf,
  isBundle,
  judge,
  nameOf,
  type Json
} from "../support/codexOracle.ts"
import { RUNS } from "../support/runs.ts"

/**
 * `RequestId` is among the types of version 2 only because of methods that this server does not have; `PathUri` is a
 * name that the original has in TypeScript, where JSON schema has its text in place.
 */
const ELSEWHERE: ReadonlySet<string> = new Set(["RequestId", "PathUri"])

/** Of each file; each instance is broken in dozens to thousands of ways. */
const INSTANCES = Math.ceil(RUNS / 20)

const BUNDLE = "codex_app_server_protocol.schemas.json"
const FLAT_BUNDLE = "codex_app_server_protocol.v2.schemas.json"

/** Those who judge instances of a file's type: the file, and what the bundles have of it. */
const judgesOf = (files: ReadonlyMap<string, Json>, file: string): ReadonlyMap<string, ValidateFunction> => {
  const name = nameOf(file)
  const judges = new Map([["the file", judge(files.get(file))]])
  const { v2, ...base } = files.get(BUNDLE).definitions
  if (Object.hasOwn(v2, name)) judges.set("the bundle, version 2", judge(files.get(BUNDLE), `v2/${name}`))
  if (Object.hasOwn(base, name)) judges.set("the bundle", judge(files.get(BUNDLE), name))
  const flat = files.get(FLAT_BUNDLE)
  if (Object.hasOwn(flat.definitions, name)) judges.set("the bundle without namespaces", judge(flat, name))
  return judges
}

/** Where not all judge an instance alike, or whatever becomes of it when it is broken. */
const disagreement = (judges: ReadonlyMap<string, ValidateFunction>, instance: Json): string | undefined => {
  const who = (instance: Json) => [...judges].filter(([, accepts]) => accepts(instance)).map(([name]) => name)
  if (who(instance).length < judges.size)
    return `${JSON.stringify(instance)} is accepted by ${who(instance).join(", ")} only`
  for (const other of broken(instance)) {
    const { length } = who(other)
    if (length > 0 && length < judges.size)
      return `${JSON.stringify(other)} is accepted by ${who(other).join(", ")} only`
  }
  return undefined
}

/** Maps of which the schemas do not say what they hold, only the TypeScript does. */
const MAPS = { AppsConfig: "AppConfig", AppLinksConfig: "AppLinkConfig", AppToolsConfig: "AppToolConfig" }

/** Readers also look at what the schemas say nothing of: absolute paths, some maps. And they ignore unknown members. */
const asRead = (schema: Json): Json => {
  const isClosed = (key: string, value: unknown) => key === "additionalProperties" && value === false
  const read = JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    isClosed(key, value) ? undefined : value
  )
  const { definitions = {} } = read
  if ("AbsolutePathBuf" in definitions) definitions.AbsolutePathBuf.pattern = "^/"
  for (const [map, item] of Object.entries(MAPS)) {
    if (map in definitions) definitions[map].additionalProperties = { $ref: `#/definitions/${item}` }
  }
  return read
}

/** As it comes out of JSON. */
const plain = (instance: unknown): Json =>
  JSON.parse(JSON.stringify(instance, (_, item: unknown) => (typeof item === "bigint" ? Number(item) : item)))

describe.each(VARIANTS)("the $name JSON schemas", ({ options, ours, schemas, theirs }) => {
  it("are in the same files", () => {
    assert.deepStrictEqual([...ours.keys()].toSorted(), [...theirs.keys()].toSorted())
  })

  it("say of themselves what they are", () => {
    for (const [file, schema] of theirs) {
      const { $schema, title } = ours.get(file)
      assert.deepStrictEqual({ $schema, title }, { $schema: schema.$schema, title: schema.title }, file)
    }
  })

  it("define the same types in the bundles, in the same places", () => {
    const namesIn = (definitions: object) =>
      Object.keys(definitions).filter((name) => !EXTENSIONS.has(name) && !ELSEWHERE.has(name))
    const assertSame = (own: object, other: object, all: object) => {
      // the original leaves in the stable bundle what only experimental types use
      const known = new Set(options.experimental ? namesIn(own) : namesIn(all))
      assert.deepStrictEqual(
        namesIn(own).filter((name) => !Object.hasOwn(other, name)),
        []
      )
      assert.deepStrictEqual(
        namesIn(other).filter((name) => !known.has(name)),
        []
      )
    }
    for (const file of [BUNDLE, FLAT_BUNDLE]) {
      const [own, other, all] = [ours, theirs, VARIANTS[0]!.ours].map((files) => files.get(file).definitions)
      assertSame(own, other, all)
      if (file === BUNDLE) assertSame(own.v2, other.v2, all.v2)
    }
  })

  describe.each([...theirs.keys()].filter((file) => !isBundle(file)))("%s", (file) => {
    const judges = new Map([
      ...[...judgesOf(ours, file)].map(([where, judge]) => [`ours: ${where}`, judge] as const),
      ...[...judgesOf(theirs, file)].map(([where, judge]) => [`theirs: ${where}`, judge] as const)
    ])
    const ourInstances = Arbitrary.schema(Schema.toEncoded(schemas.get(nameOf(file))!) as Schema.Codec<Json>)

    it.prop(
      "judges its own instances as theirs does, whole and broken",
      [ourInstances],
      ([instance]) => assert.isUndefined(disagreement(judges, plain(instance))),
      { arbitrary: { runs: INSTANCES } }
    )

    it.prop(
      "judges instances of theirs as theirs does, whole and broken",
      [instancesOf(theirs.get(file))],
      ([instance]) => assert.isUndefined(disagreement(judges, plain(instance))),
      { arbitrary: { runs: INSTANCES } }
    )
  })

  const isMessage = (file: string) => /^(Client|Server)/.test(file)
  const isEmpty = ({ properties, type }: Json) => type === "object" && properties === undefined
  /** Neither messages, which nobody reads as a whole, nor `{}`, where there is nothing to read. */
  const read = [...theirs].filter(([file, schema]) => !isBundle(file) && !isMessage(file) && !isEmpty(schema))

  describe.each(read)("%s", (file, schema) => {
    const decode = Schema.decodeUnknownExit(schemas.get(nameOf(file))!)
    const accepts = judge(asRead(schema))

    it.prop(
      "accepts what server and client read, and nothing else",
      [instancesOf(schema)],
      ([instance]) => {
        for (const each of [instance, ...broken(instance)]) {
          assert.strictEqual(decode(each)._tag === "Success", accepts(each), JSON.stringify(each))
        }
      },
      { arbitrary: { runs: INSTANCES } }
    )
  })
})

describe("the comparison", () => {
  const schema = VARIANTS[0]!.theirs.get("v2/CommandExecParams.json")
  const changed = (change: (copy: Json) => void) => {
    const copy = structuredClone(schema)
    change(copy)
    return copy
  }

  it.effect.each([
    ["a member that is not required any more", changed((copy) => (copy.required = []))],
    ...Object.keys(schema.properties).flatMap(
      (key) =>
        [
          [
            `${key} of another type`,
            changed((copy) => (copy.properties[key] = { type: "object", required: ["zz"] }))
          ],
          [`${key} of any type`, changed((copy) => (copy.properties[key] = true))],
          [`${key} missing`, changed((copy) => delete copy.properties[key])]
        ] as const
    ),
    ["a variant missing", changed((copy) => copy.definitions.SandboxPolicy.oneOf.pop())]
  ] as const)("notices %s", ([, other]) =>
    Effect.gen(function* () {
      const judges = new Map([
        ["one", judge(schema)],
        ["other", judge(other)]
      ])
      const check = Arbitrary.checkEffect(
        instancesOf(schema),
        (instance) => disagreement(judges, plain(instance)) === undefined,
        { runs: 1000 } // it ends with the first one
      )
      assert.strictEqual((yield* check)._tag, "Falsified")
    })
  )
})
