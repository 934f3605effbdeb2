import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"
import { generate } from "../../src/layers/cli/Generate.ts"
import { jsonSchemaDocument } from "../../src/layers/cli/JsonSchemaDocument.ts"
import { jsonSchemaFiles } from "../../src/layers/cli/JsonSchemaFiles.ts"
import { typeScriptDeclaration } from "../../src/layers/cli/TypeScriptDeclaration.ts"
import { typeScriptFiles } from "../../src/layers/cli/TypeScriptFiles.ts"
import {
  BigInt64,
  Int64,
  JsonValue,
  UInt,
  defaulted,
  nullable,
  omittable,
  optional,
  optionalNullable
} from "../../src/rpc/Primitives.ts"

const ALL = { experimental: true }
const STABLE = { experimental: false }

const Colour = Schema.Literals(["red", "green"]).annotate({
  identifier: "Colour",
  description: "Of a thing."
})

const Shape = Schema.Union([
  Schema.Struct({ type: Schema.Literal("circle"), radius: UInt }).annotate({ description: "Round." }),
  Schema.Struct({ type: Schema.Literal("point") })
]).annotate({ identifier: "Shape" })

const Thing = Schema.Struct({
  colour: Colour.annotateKey({ description: "As it was painted." }),
  shape: optionalNullable(Shape),
  weight: nullable(Int64),
  size: nullable(BigInt64),
  tags: defaulted(Schema.Array(Schema.String), []),
  label: optional(Schema.String),
  note: omittable(Schema.String),
  extra: optional(Schema.Record(Schema.String, JsonValue)),
  secret: optional(Schema.Boolean).annotateKey({ experimental: true })
}).annotate({ identifier: "Thing", description: "Something." })

const Transport = Schema.Union([
  Schema.Struct({ "otlp-http": Schema.String }),
  Schema.Struct({ "otlp-grpc": Schema.String })
]).annotate({ identifier: "Transport" })

/** What the JSON schema refers to, by pointer. */
const references = (value: unknown): Array<string> =>
  typeof value !== "object" || value === null
    ? []
    : Object.entries(value).flatMap(([key, item]) => (key === "$ref" ? [String(item)] : references(item)))

/** The files that a TypeScript file imports or exports from. */
const imports = (name: string, content: string, files: ReadonlyMap<string, string>) =>
  [...content.matchAll(/ from "(.+)"$/gm)].map(([, path]) => {
    const { pathname } = new URL(path!, `file:///${name}`)
    return files.has(`${pathname.slice(1)}.ts`) ? `${pathname.slice(1)}.ts` : `${pathname.slice(1)}/index.ts`
  })

describe("a JSON schema", () => {
  const { definitions, properties, required } = jsonSchemaDocument(Thing, ALL) as {
    readonly [key: string]: Record<string, unknown>
  }

  it("requires only the members that a reader needs", () => {
    assert.deepStrictEqual(required as unknown, ["colour"])
  })

  it("says of a member whether it may be null and what it is by default", () => {
    assert.deepStrictEqual(properties, {
      colour: { allOf: [{ $ref: "#/definitions/Colour" }], description: "As it was painted." },
      extra: { additionalProperties: true, type: "object" },
      label: { type: "string" },
      note: { type: ["string", "null"] },
      secret: { type: "boolean" },
      shape: { anyOf: [{ $ref: "#/definitions/Shape" }, { type: "null" }] },
      size: { format: "int64", type: ["integer", "null"] },
      tags: { default: [], items: { type: "string" }, type: "array" },
      weight: { format: "int64", type: ["integer", "null"] }
    })
  })

  it("defines each type with a name once, and gives titles to the structs of a union", () => {
    assert.deepStrictEqual(definitions, {
      Colour: { description: "Of a thing.", enum: ["red", "green"], type: "string" },
      Shape: {
        oneOf: [
          {
            description: "Round.",
            properties: {
              radius: { format: "uint", minimum: 0, type: "integer" },
              type: { enum: ["circle"], title: "CircleShapeType", type: "string" }
            },
            required: ["radius", "type"],
            title: "CircleShape",
            type: "object"
          },
          {
            properties: { type: { enum: ["point"], title: "PointShapeType", type: "string" } },
            required: ["type"],
            title: "PointShape",
            type: "object"
          }
        ]
      }
    })
  })

  it("makes a title out of any name", () => {
    const titles = (schema: Schema.Top) =>
      (jsonSchemaDocument(schema, ALL).oneOf as ReadonlyArray<{ readonly title: string }>).map(
        ({ title }) => title
      )
    assert.deepStrictEqual(titles(Transport), ["OtlpHttpTransport", "OtlpGrpcTransport"])
    const Tool = Schema.Union([
      Schema.Struct({ type: Schema.Literal("mcp_tool") }),
      Schema.Struct({ type: Schema.Literal("prompt") })
    ]).annotate({ identifier: "Tool" })
    assert.deepStrictEqual(titles(Tool), ["McpToolTool", "PromptTool"])
  })

  it("keeps literals without descriptions together", () => {
    const schema = Schema.Union([
      Schema.Literal("a"),
      Schema.Literal("b").annotate({ description: "The second." }),
      Schema.Literal("c")
    ]).annotate({ identifier: "Letter" })
    assert.deepStrictEqual(jsonSchemaDocument(schema, ALL).oneOf, [
      { enum: ["a", "c"], type: "string" },
      { description: "The second.", enum: ["b"], type: "string" }
    ])
  })
})

describe("a TypeScript declaration", () => {
  it("shows how a writer writes each member", () => {
    assert.strictEqual(
      typeScriptDeclaration(Thing.ast, STABLE).text,
      `/** Something. */
export type Thing = {
  /** As it was painted. */
  colour: Colour
  shape?: Shape | null
  weight: number | null
  size: bigint | null
  tags: Array<string>
  label?: string
  note?: string
  extra?: { [key in string]?: JsonValue }
}
`
    )
  })

  it("lists the structs of a union with their descriptions", () => {
    assert.strictEqual(
      typeScriptDeclaration(Shape.ast, ALL).text,
      `export type Shape =
  /** Round. */
  | {
      type: "circle"
      radius: number
    }
  | {
      type: "point"
    }
`
    )
  })

  it("puts names in quotes that are no identifiers", () => {
    assert.strictEqual(
      typeScriptDeclaration(Transport.ast, ALL).text,
      `export type Transport =
  | {
      "otlp-http": string
    }
  | {
      "otlp-grpc": string
    }
`
    )
  })

  it("names the types that it needs", () => {
    assert.deepStrictEqual(
      [...typeScriptDeclaration(Thing.ast, ALL).uses.keys()],
      ["Colour", "Shape", "JsonValue"]
    )
  })
})

describe.each([
  ["all", ALL],
  ["stable", STABLE]
])("the %s files", (_name, options) => {
  it("define everything that a JSON schema refers to", () => {
    for (const [name, content] of jsonSchemaFiles(options)) {
      const document: unknown = JSON.parse(content)
      const at = (pointer: string) =>
        pointer
          .split("/")
          .slice(1)
          .reduce((value: any, key) => value?.[key], document)
      assert.deepStrictEqual(
        references(document).filter((pointer) => at(pointer) === undefined),
        [],
        name
      )
    }
  })

  it("hold every TypeScript type that is imported, and export all of them", () => {
    const files = typeScriptFiles(options)
    const seen = new Set(["index.ts"])
    // a set grows while it is walked, so this follows the imports of imports
    for (const name of seen) {
      assert.isTrue(files.has(name), name)
      for (const used of imports(name, files.get(name)!, files)) seen.add(used)
    }
    assert.deepStrictEqual([...seen].toSorted(), [...files.keys()].toSorted())
  })
})

describe("the stable files", () => {
  it("leave out experimental methods and what only they use", () => {
    const names = [...jsonSchemaFiles(STABLE).keys(), ...typeScriptFiles(STABLE).keys()]
    assert.deepStrictEqual(
      names.filter((name) => /MockExperimental|ProcessSpawn|ProcessTerminalSize|AppsConfig/.test(name)),
      []
    )
    assert.isTrue(jsonSchemaFiles(ALL).has("v2/ProcessSpawnParams.json"))
    assert.isFalse(typeScriptFiles(STABLE).has("v2/NetworkRequirements.ts"))
    assert.isTrue(typeScriptFiles(ALL).has("v2/NetworkRequirements.ts"))
    assert.isTrue(typeScriptFiles(ALL).has("v2/ProcessTerminalSize.ts"))
  })

  it("leave out experimental fields", () => {
    const member = (options: typeof ALL) =>
      [
        jsonSchemaFiles(options).get("v2/CommandExecParams.json")!.includes('"permissionProfile": {'),
        typeScriptFiles(options)
          .get("v2/CommandExecParams.ts")!
          .includes("permissionProfile?: string | null"),
        typeScriptFiles(options).get("v2/Config.ts")!.includes("apps: AppsConfig | null")
      ] as const
    assert.deepStrictEqual(member(ALL), [true, true, true])
    assert.deepStrictEqual(member(STABLE), [false, false, false])
  })
})

describe("writes of the configuration", () => {
  const json = (name: string) => JSON.parse(jsonSchemaFiles(STABLE).get(`v2/${name}.json`)!)
  const bare = (value: any): any =>
    typeof value !== "object" || value === null || Array.isArray(value)
      ? value
      : Object.fromEntries(
          Object.entries(value)
            .filter(([key, item]) => key !== "description" || typeof item !== "string")
            .map(([key, item]) => [key, bare(item)])
        )
  const optionalText = { type: ["string", "null"] }
  const edit = {
    keyPath: { type: "string" },
    mergeStrategy: { $ref: "#/definitions/MergeStrategy" },
    value: {}
  }

  it("need a key, a value of any kind and a strategy", () => {
    const { properties, required } = bare(json("ConfigValueWriteParams"))
    assert.deepStrictEqual(required, ["keyPath", "mergeStrategy", "value"])
    assert.deepStrictEqual(properties, { ...edit, expectedVersion: optionalText, filePath: optionalText })
  })

  it("come in batches", () => {
    const { definitions, properties, required } = bare(json("ConfigBatchWriteParams"))
    assert.deepStrictEqual(required, ["edits"])
    assert.deepStrictEqual(properties, {
      edits: { items: { $ref: "#/definitions/ConfigEdit" }, type: "array" },
      expectedVersion: optionalText,
      filePath: optionalText,
      reloadUserConfig: { type: "boolean" }
    })
    assert.deepStrictEqual(definitions, {
      ConfigEdit: { properties: edit, required: ["keyPath", "mergeStrategy", "value"], type: "object" },
      MergeStrategy: { enum: ["replace", "upsert"], type: "string" }
    })
  })
})

describe("requirements", () => {
  const experimental = ["allowedApprovalsReviewers", "application", "hooks", "network"]
  const members = (options: typeof ALL): ReadonlyArray<string> =>
    Object.keys(
      JSON.parse(jsonSchemaFiles(options).get("v2/ConfigRequirementsReadResponse.json")!).definitions
        .ConfigRequirements.properties
    )

  it("are read without params, so there is no file for those", () => {
    const names = [...jsonSchemaFiles(ALL).keys(), ...typeScriptFiles(ALL).keys()]
    assert.deepStrictEqual(
      names.filter((name) => name.includes("ConfigRequirementsRead")),
      ["v2/ConfigRequirementsReadResponse.json", "v2/ConfigRequirementsReadResponse.ts"]
    )
  })

  it("are 34, of which four are experimental", () => {
    assert.lengthOf(members(ALL), 34)
    assert.deepStrictEqual(
      members(ALL).filter((name) => !members(STABLE).includes(name)),
      experimental
    )
  })

  it("have types of 64 bits where the original has them", () => {
    const types = typeScriptFiles(ALL).get("v2/ConfiguredHookHandler.ts")!
    assert.include(types, "timeoutSec: bigint | null")
    assert.include(types, "additionalContextLimit: number | null")
  })
})

describe("messages", () => {
  const file = (name: string, options = ALL) => JSON.parse(jsonSchemaFiles(options).get(`${name}.json`)!)
  const titlesOf = (name: string, options = ALL): ReadonlyArray<string> =>
    file(name, options).oneOf.map(({ title }: { readonly title: string }) => title)

  it("are told apart by their methods", () => {
    const [variant] = file("ClientRequest").oneOf
    assert.deepStrictEqual(variant, {
      properties: {
        id: { $ref: "#/definitions/RequestId" },
        method: { enum: ["initialize"], title: "InitializeRequestMethod", type: "string" },
        params: { $ref: "#/definitions/InitializeParams" }
      },
      required: ["id", "method", "params"],
      title: "InitializeRequest",
      type: "object"
    })
    assert.include(titlesOf("ClientRequest"), "Command/exec/writeRequest")
    assert.include(titlesOf("ServerNotification"), "Command/exec/outputDeltaNotification")
    assert.deepStrictEqual(titlesOf("ClientNotification"), ["InitializedNotification"])
  })

  it("of methods without params may have null in JSON, and have none in TypeScript", () => {
    const read = file("ClientRequest").oneOf.find(
      ({ title }: { readonly title: string }) => title === "ConfigRequirements/readRequest"
    )
    assert.deepStrictEqual(read.properties.params, { type: "null" })
    assert.deepStrictEqual(read.required, ["id", "method"])
    const typeScript = typeScriptFiles(ALL).get("ClientRequest.ts")!
    assert.include(
      typeScript,
      'method: "configRequirements/read"\n      id: RequestId\n      params: undefined\n'
    )
  })

  it("of the server carry the time", () => {
    assert.deepInclude(file("ServerNotification").properties.emittedAtMs, {
      format: "int64",
      type: "integer"
    })
  })

  it("that are experimental are not for stable clients", () => {
    assert.include(titlesOf("ClientRequest"), "Process/spawnRequest")
    assert.notInclude(titlesOf("ClientRequest", STABLE), "Process/spawnRequest")
  })
})

describe("the bundle", () => {
  const { definitions, title } = JSON.parse(
    jsonSchemaFiles(ALL).get("codex_app_server_protocol.schemas.json")!
  )
  const flat = JSON.parse(jsonSchemaFiles(ALL).get("codex_app_server_protocol.v2.schemas.json")!)

  it("has the types of version 2 in a namespace, and says so in its references", () => {
    assert.strictEqual(title, "CodexAppServerProtocol")
    const { SandboxPolicy, CommandExecParams } = definitions.v2
    assert.isDefined(SandboxPolicy)
    assert.strictEqual(
      CommandExecParams.properties.sandboxPolicy.anyOf[0].$ref,
      "#/definitions/v2/SandboxPolicy"
    )
    assert.strictEqual(
      definitions.InitializeParams.properties.clientInfo.$ref ??
        definitions.InitializeParams.properties.clientInfo.allOf[0].$ref,
      "#/definitions/ClientInfo"
    )
    for (const name of Object.keys(definitions))
      assert.isTrue(name === "v2" || !(name in definitions.v2) || name === "AbsolutePathBuf", name)
  })

  it("exists without namespaces, with the messages that version 2 needs", () => {
    assert.strictEqual(flat.title, "CodexAppServerProtocolV2")
    assert.includeMembers(Object.keys(flat.definitions), [
      ...Object.keys(definitions.v2),
      "ClientRequest",
      "ServerNotification",
      "ClientInfo"
    ])
    assert.doesNotHaveAnyKeys(flat.definitions, [
      "JSONRPCMessage",
      "InitializeResponse",
      "ClientNotification"
    ])
  })
})

describe("a type has its place", () => {
  it("in JSON schema: envelope, handshake, the rest", () => {
    const names = [...jsonSchemaFiles(ALL).keys()]
    assert.includeMembers(names, ["JSONRPCMessage.json", "JSONRPCErrorError.json", "RequestId.json"])
    assert.deepStrictEqual(
      names.filter((name) => name.startsWith("v1/")),
      ["v1/InitializeParams.json", "v1/InitializeResponse.json"]
    )
    assert.includeMembers(names, ["v2/CommandExecParams.json", "v2/CommandExecOutputDeltaNotification.json"])
  })

  it("in TypeScript: what the handshake uses, the rest, JSON itself", () => {
    assert.includeMembers(
      [...typeScriptFiles(ALL).keys()],
      [
        "InitializeParams.ts",
        "ClientInfo.ts",
        "AbsolutePathBuf.ts",
        "RequestId.ts",
        "WebSearchToolConfig.ts",
        "PathUri.ts",
        "LegacyAppPathString.ts"
      ]
    )
    assert.includeMembers(
      [...typeScriptFiles(ALL).keys()],
      ["v2/CommandExecParams.ts", "v2/ConfigLayerSource.ts", "v2/ToolsV2.ts", "serde_json/JsonValue.ts"]
    )
  })
})

describe("the committed schema", () => {
  it.effect("is what the generators make (node scripts/schema.mjs --write)", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const root = path.join(import.meta.dirname, "../../schema")
      const read = Effect.fnUntraced(function* (folder: string) {
        const names = yield* fs.readDirectory(path.join(root, folder), { recursive: true })
        const files = names.filter((name) => /\.(json|ts)$/.test(name))
        return yield* Effect.forEach(files, (name) =>
          Effect.map(fs.readFileString(path.join(root, folder, name)), (content) => [name, content] as const)
        )
      })
      assert.deepStrictEqual(new Map(yield* read("json")), new Map(jsonSchemaFiles(ALL)))
      assert.deepStrictEqual(new Map(yield* read("typescript")), new Map(typeScriptFiles(ALL)))
    }).pipe(Effect.provide(NodeServices.layer))
  )
})

describe("the sources", () => {
  it.effect("hold no schema in JSON, for all of it is generated", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const root = path.join(import.meta.dirname, "../../src")
      const names = yield* fs.readDirectory(root, { recursive: true })
      assert.deepStrictEqual(
        names.filter((name) => !name.endsWith(".ts") && path.extname(name) !== ""),
        []
      )
      const files = names.filter((name) => name.endsWith(".ts"))
      const texts = yield* Effect.forEach(files, (name) => fs.readFileString(path.join(root, name)))
      assert.deepStrictEqual(
        files.filter((_, i) => /json-schema\.org|"?\$ref"?:|#\/definitions/.test(texts[i]!)).toSorted(),
        ["layers/cli/JsonSchemaBundle.ts", "layers/cli/JsonSchemaDocument.ts"]
      )
    }).pipe(Effect.provide(NodeServices.layer))
  )
})

describe("the generate commands", () => {
  it.effect("write below any directory, which need not exist", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const out = path.join(yield* fs.makeTempDirectoryScoped(), "not", "there")
      yield* generate("ts", out, STABLE)
      yield* generate("json-schema", out, ALL)
      for (const [name, content] of [...typeScriptFiles(STABLE), ...jsonSchemaFiles(ALL)]) {
        assert.strictEqual(yield* fs.readFileString(path.join(out, name)), content)
      }
    }).pipe(Effect.provide(NodeServices.layer))
  )
})
