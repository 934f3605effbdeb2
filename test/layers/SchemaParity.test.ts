/** The generated JSON schemas of `fs/*` and `process/*` beside those that Codex 0.169.0 generates. */
import { assert, describe, it } from "@effect/vitest"
import { jsonSchemaFiles } from "../../src/layers/cli/JsonSchemaFiles.ts"
import codexSchemas from "../support/codexSchemas.json" with { type: "json" }

/** Forms of our own, which other clients never see. */
const EXTENSIONS: ReadonlySet<string> = new Set(["ProcessExitedExtendedNotification"])

/** Without what is said in words. */
const bare = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(bare)
    : typeof value === "object" && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .filter(
              ([key, item]) => typeof item !== "string" || !["$schema", "description", "title"].includes(key)
            )
            .map(([key, item]) => [key, bare(item)])
        )
      : value

const ours = new Map(
  [...jsonSchemaFiles({ experimental: true })].flatMap(([file, text]) => {
    const name = /^v2\/((?:Fs|Process).*)\.json$/.exec(file)?.[1]
    return name === undefined || EXTENSIONS.has(name) ? [] : [[name, bare(JSON.parse(text))] as const]
  })
)

describe("of fs/* and process/*", () => {
  it("there are the same types", () => {
    assert.deepStrictEqual([...ours.keys()].sort(), Object.keys(codexSchemas).sort())
  })

  it.each(Object.entries(codexSchemas))("%s is the same", (name, schema) => {
    assert.deepStrictEqual(ours.get(name), schema)
  })
})
