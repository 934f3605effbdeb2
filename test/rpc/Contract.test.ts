import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"
import type * as Rpc from "effect/rpc/Rpc"
import { AppServerRpcs, ServerNotifications } from "../../src/rpc/AppServerRpcs.ts"
import { printNotification, printResult } from "../../src/rpc/JsonRpc.ts"
import * as LosslessJson from "../../src/rpc/LosslessJson.ts"
import { WireError } from "../../src/rpc/WireError.ts"
import { RUNS } from "../support/runs.ts"

type Wire = Schema.Codec<any, any>
type Path = ReadonlyArray<string>

const rpcs = [...(AppServerRpcs.requests as ReadonlyMap<string, Rpc.AnyWithProps>)].map(([method, rpc]) => ({
  method,
  payload: rpc.payloadSchema as unknown as Wire,
  success: rpc.successSchema as unknown as Wire
}))
const withParams = rpcs.filter(({ payload }) => !AST.isUndefined(payload.ast))
const payloadOf = (method: string) => rpcs.find((rpc) => rpc.method === method)!.payload

/** As it comes from the wire: texts without lone surrogates, zero without a sign, no integer that is inexact. */
const onWire = (value: unknown): any => {
  if (typeof value === "string") return Buffer.from(value).toString()
  if (typeof value === "number")
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? 0.5 : value + 0
  if (typeof value !== "object" || value === null) return value
  return Array.isArray(value)
    ? value.map(onWire)
    : Object.fromEntries(Object.entries(value).map(([key, item]) => [unescaped(onWire(key)), onWire(item)]))
}
/** V8 13.6, in Node 24, takes an escaped key for another that it saw in its place, in one of two million objects. */
const unescaped = (key: string) =>
  JSON.stringify(key)
    .replaceAll(/\\(u....|.)/g, "_")
    .slice(1, -1)
const arbitrary = (schema: Wire) => Arbitrary.map(Arbitrary.schema(schema), onWire)
const Json = Arbitrary.map(Arbitrary.schema(Schema.Json), onWire)
const AnyIndex = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 999_999 }))

const read = (text: string): any => {
  const json = LosslessJson.parse(text, new Set())
  return json._tag === "Success" ? json.value : assert.fail(json.reason)
}
/** What the other side gets. */
const sent = (schema: Wire, value: unknown): unknown =>
  Schema.decodeUnknownSync(schema)(read(printResult(1, Schema.encodeUnknownSync(schema)(value))).result)

const accepts = (schema: Wire, value: unknown) => Schema.decodeUnknownExit(schema)(value)._tag === "Success"

/** Where something stands that is not null, the whole included; not what may be any JSON. */
const places = (value: unknown, path: Path = []): ReadonlyArray<Path> => {
  if (value === null || path.at(-2) === "extensions") return []
  // the value of an edit may be any JSON, too
  const isEdit = typeof value === "object" && "keyPath" in value
  const inner = typeof value === "object" ? Object.entries(value) : []
  return [
    path,
    ...inner.flatMap(([key, item]) => (isEdit && key === "value" ? [] : places(item, [...path, key])))
  ]
}
const at = (value: any, path: Path): unknown => path.reduce((value, key) => value[key], value)
const withAt = (value: any, [key, ...path]: Path, item: unknown): unknown => {
  if (key === undefined) return item
  const changed = Array.isArray(value) ? [...value] : { ...value }
  changed[key] = withAt(value[key], path, item)
  return changed
}

describe.each(rpcs)("$method", ({ success }) => {
  it.prop(
    "gives its results to the wire as the schema has them",
    [arbitrary(success)],
    ([result]) => assert.deepStrictEqual(sent(success, result), result),
    { arbitrary: { runs: RUNS } }
  )
})

describe.each(withParams)("$method", ({ payload }) => {
  it.prop(
    "takes its params from the wire as the schema has them",
    [arbitrary(payload)],
    ([params]) => assert.deepStrictEqual(sent(payload, params), params),
    { arbitrary: { runs: RUNS } }
  )

  it.prop(
    "refuses params of which one part has another type",
    { params: arbitrary(payload), index: AnyIndex },
    ({ index, params }) => {
      const all = places(params)
      const path = all[index % all.length]!
      const broken = withAt(params, path, typeof at(params, path) === "string" ? 5 : "x")
      assert.isFalse(accepts(payload, broken), JSON.stringify(path))
    },
    { arbitrary: { runs: RUNS } }
  )

  it.prop(
    "ignores members that it does not know",
    { params: arbitrary(payload), index: AnyIndex, json: Json },
    ({ index, json, params }) => {
      // not in maps, where every name is known
      const structs = places(params).filter(
        (path) => !/^(env|extensions)$/.test(path.at(-1) ?? "") && at(params, path)?.constructor === Object
      )
      const path = structs[index % structs.length]!
      const more = withAt(params, path, { zz: json, constructor: json, ...(at(params, path) as object) })
      assert.deepStrictEqual(Schema.decodeUnknownSync(payload)(more), params)
    },
    { arbitrary: { runs: RUNS } }
  )

  it("refuses params that are no object", () => {
    for (const params of ["null", "[]", "5", "2.0", '"x"', "true"]) {
      assert.isFalse(accepts(payload, read(params)), params)
    }
  })
})

describe.each(Object.entries(ServerNotifications))("%s", (method, schema: Wire) => {
  it.prop(
    "arrives as it was sent",
    [arbitrary(schema)],
    ([params]) => {
      const message = read(printNotification(method, Schema.encodeUnknownSync(schema)(params), 1))
      assert.strictEqual(message.method, method)
      assert.deepStrictEqual(Schema.decodeUnknownSync(schema)(message.params), params)
    },
    { arbitrary: { runs: RUNS } }
  )
})

const CLIENT = { name: "n", version: "1" }
const EXEC = { command: ["true"] }
const EDIT = { keyPath: "a.b", value: 1, mergeStrategy: "upsert" }
const SPAWN = { command: ["true"], processHandle: "h", cwd: "/" }

describe("a member that may be null", () => {
  it.each([
    ["initialize", { clientInfo: CLIENT }, ["capabilities"]],
    ["initialize", { clientInfo: CLIENT }, ["clientInfo", "title"]],
    ["initialize", { clientInfo: CLIENT, capabilities: {} }, ["capabilities", "optOutNotificationMethods"]],
    ["initialize", { clientInfo: CLIENT, capabilities: {} }, ["capabilities", "extensions"]],
    ["config/read", {}, ["cwd"]],
    ["config/value/write", EDIT, ["filePath"]],
    ["config/value/write", EDIT, ["expectedVersion"]],
    ["config/batchWrite", { edits: [EDIT] }, ["filePath"]],
    ["config/batchWrite", { edits: [EDIT] }, ["expectedVersion"]],
    ["command/exec", EXEC, ["processId"]],
    ["command/exec", EXEC, ["outputBytesCap"]],
    ["command/exec", EXEC, ["timeoutMs"]],
    ["command/exec", EXEC, ["cwd"]],
    ["command/exec", EXEC, ["env"]],
    ["command/exec", EXEC, ["size"]],
    ["command/exec", EXEC, ["sandboxPolicy"]],
    ["command/exec", EXEC, ["permissionProfile"]],
    ["command/exec/write", { processId: "p" }, ["deltaBase64"]],
    ["mock/experimentalMethod", {}, ["value"]],
    ["process/spawn", SPAWN, ["outputBytesCap"]],
    ["process/spawn", SPAWN, ["timeoutMs"]],
    ["process/spawn", SPAWN, ["env"]],
    ["process/spawn", SPAWN, ["size"]],
    ["process/writeStdin", { processHandle: "h" }, ["deltaBase64"]],
    ["fs/createDirectory", { path: "/" }, ["recursive"]],
    ["fs/remove", { path: "/" }, ["recursive"]],
    ["fs/remove", { path: "/" }, ["force"]]
  ] as ReadonlyArray<[string, object, Path]>)("may as well be missing (%s %o %s)", (method, params, path) => {
    assert.isTrue(accepts(payloadOf(method), params))
    assert.isTrue(accepts(payloadOf(method), withAt(params, path, null)))
    assert.isFalse(accepts(payloadOf(method), withAt(params, path, undefined)))
  })

  it("is so in the environment, where null has a meaning of its own", () => {
    const params = { ...EXEC, env: { A: null, B: "b" } }
    assert.deepStrictEqual(sent(payloadOf("command/exec"), params), params)
  })
})

describe("a flag", () => {
  const capabilities = { clientInfo: CLIENT, capabilities: {} }
  it.each([
    ["initialize", capabilities, ["capabilities", "experimentalApi"]],
    ["initialize", capabilities, ["capabilities", "requestAttestation"]],
    ["initialize", capabilities, ["capabilities", "requiredHumanApproval"]],
    ["initialize", capabilities, ["capabilities", "explicitGatewayOauth"]],
    ["initialize", capabilities, ["capabilities", "mcpServerOpenaiFormElicitation"]],
    ["config/read", {}, ["includeLayers"]],
    ["config/batchWrite", { edits: [] }, ["reloadUserConfig"]],
    ["command/exec", EXEC, ["tty"]],
    ["command/exec", EXEC, ["streamStdin"]],
    ["command/exec", EXEC, ["streamStdoutStderr"]],
    ["command/exec", EXEC, ["disableOutputCap"]],
    ["command/exec", EXEC, ["disableTimeout"]],
    ["command/exec", { ...EXEC, sandboxPolicy: { type: "readOnly" } }, ["sandboxPolicy", "networkAccess"]],
    [
      "command/exec",
      { ...EXEC, sandboxPolicy: { type: "workspaceWrite" } },
      ["sandboxPolicy", "excludeSlashTmp"]
    ],
    ["command/exec/write", { processId: "p" }, ["closeStdin"]],
    ["process/spawn", SPAWN, ["tty"]],
    ["process/spawn", SPAWN, ["streamStdin"]],
    ["process/spawn", SPAWN, ["streamStdoutStderr"]],
    ["process/writeStdin", { processHandle: "h" }, ["closeStdin"]],
    ["fs/copy", { sourcePath: "/", destinationPath: "/" }, ["recursive"]]
  ] as ReadonlyArray<[string, object, Path]>)(
    "may be missing but not null (%s %o %s)",
    (method, params, path) => {
      const payload = payloadOf(method)
      assert.isTrue(accepts(payload, params))
      for (const flag of [true, false]) {
        const given = withAt(params, path, flag)
        assert.deepStrictEqual(sent(payload, given), given)
      }
      assert.isFalse(accepts(payload, withAt(params, path, null)))
    }
  )
})

describe("numbers", () => {
  const exec = payloadOf("command/exec")
  const params = (members: string) => read(`{"command":["true"],${members}}`)

  it.each([
    '"timeoutMs":0',
    '"timeoutMs":-0',
    '"timeoutMs":-1',
    '"timeoutMs":9007199254740991',
    '"timeoutMs":9007199254740992',
    '"timeoutMs":9223372036854775807',
    '"timeoutMs":-9223372036854775808',
    '"outputBytesCap":0',
    '"outputBytesCap":18446744073709551615',
    '"size":{"rows":0,"cols":65535}'
  ])("%s is in range", (members) => {
    assert.isTrue(accepts(exec, params(members)))
  })

  it.each([
    '"timeoutMs":1.5',
    '"timeoutMs":2.0',
    '"timeoutMs":1e3',
    '"timeoutMs":9223372036854775808',
    '"timeoutMs":-9223372036854775809',
    '"outputBytesCap":-1',
    '"outputBytesCap":1.0',
    '"outputBytesCap":18446744073709551616',
    '"size":{"rows":65536,"cols":1}',
    '"size":{"rows":1,"cols":-1}',
    '"size":{"rows":1,"cols":1.0}'
  ])("%s is not", (members) => {
    assert.isFalse(accepts(exec, params(members)))
  })

  it.each([
    ["initialize", '{"clientInfo":{"name":"n","version":"1"},"capabilities":2.0}'],
    ["initialize", '{"clientInfo":{"name":"n","version":"1"},"capabilities":{"extensions":2.0}}'],
    ["config/read", "2.0"],
    ["mock/experimentalMethod", "1e3"]
  ])("a float is no object (%s %s)", (method, params) => {
    assert.isFalse(accepts(payloadOf(method), read(params)))
  })
})

describe("the value of an edit", () => {
  it.prop(
    "may be any JSON, null included, and means something other than a missing one",
    [Json],
    ([value]) => {
      for (const [method, path] of [
        ["config/value/write", []],
        ["config/batchWrite", ["edits", "0"]]
      ] as ReadonlyArray<[string, Path]>) {
        const params = path.length === 0 ? EDIT : { edits: [EDIT] }
        for (const item of [value, null]) {
          const given = withAt(params, [...path, "value"], item)
          assert.deepStrictEqual(sent(payloadOf(method), given), given)
        }
        const { value: _value, ...rest } = EDIT
        assert.isFalse(accepts(payloadOf(method), withAt(params, path, rest)))
      }
    },
    { arbitrary: { runs: RUNS } }
  )
})

describe("the end of a process", () => {
  const exited: Wire = ServerNotifications["process/exited"]
  const end = {
    processHandle: "h",
    exitCode: 7,
    outputDrainTimedOut: false,
    stdout: "out",
    stdoutCapReached: false,
    stderr: "err",
    stderrCapReached: false
  }

  it("arrives as Codex 0.169.0 sends it, or without what older servers do not know", () => {
    const { outputDrainTimedOut: _unknown, ...older } = end
    const extended = {
      signal: null,
      timedOut: false,
      stdoutTruncatedBytes: 0,
      stderrTruncatedBytes: 1,
      durationMs: 2
    }
    for (const params of [end, { ...end, outputDrainTimedOut: null }, older, { ...end, ...extended }]) {
      assert.deepStrictEqual(sent(exited, params), params)
    }
  })

  it.each(["processHandle", "exitCode", "stdout", "stdoutCapReached", "stderr", "stderrCapReached"])(
    "always has %s",
    (member) => {
      assert.isFalse(accepts(exited, { ...end, [member]: null }))
      assert.isFalse(accepts(exited, withAt(end, [member], undefined)))
    }
  )
})

describe("a path", () => {
  it.each([
    ["fs/readFile", {}, "path"],
    ["fs/writeFile", { dataBase64: "" }, "path"],
    ["fs/createDirectory", {}, "path"],
    ["fs/getMetadata", {}, "path"],
    ["fs/readDirectory", {}, "path"],
    ["fs/remove", {}, "path"],
    ["fs/copy", { destinationPath: "/" }, "sourcePath"],
    ["fs/copy", { sourcePath: "/" }, "destinationPath"],
    ["fs/watch", { watchId: "w" }, "path"],
    ["process/spawn", { command: ["true"], processHandle: "h" }, "cwd"]
  ])("has to be absolute (%s %o %s)", (method, params, member) => {
    assert.isTrue(accepts(payloadOf(method), { ...params, [member]: "/" }))
    for (const path of ["", "relative", "~", null]) {
      assert.isFalse(accepts(payloadOf(method), { ...params, [member]: path }))
    }
  })
})

describe("requirements", () => {
  const { success } = rpcs.find(({ method }) => method === "configRequirements/read")!

  it("arrive as Codex 0.169.0 sends them where there are none", () => {
    const none = { supportsIndependentSpeedModes: true, requirements: null }
    assert.deepStrictEqual(sent(success, none), none)
  })

  it.each([
    ["an exporter that is none of the four", { otel: { exporter: "otlp-http" } }],
    ["an exporter without its headers", { otel: { exporter: { "otlp-grpc": { endpoint: "e" } } } }],
    ["a hook of an unknown type", { hooks: { Stop: [{ hooks: [{ type: "x" }] }] } }],
    ["hooks without the moments that every server knows", { hooks: { Interrupt: [] } }],
    ["a port out of range", { network: { httpPort: 65_536 } }],
    ["a negative size", { otel: { tool_result: { max_bytes: -1 } } }],
    ["an empty effort", { models: { newThread: { modelReasoningEffort: "" } } }],
    ["another region", { enforceResidency: "eu" }]
  ])("are refused with %s", (_name, requirements) => {
    assert.isTrue(accepts(success, { requirements: {} }))
    assert.isFalse(accepts(success, { requirements }))
  })
})

describe("an environment", () => {
  it("may set a variable of any name", () => {
    const params = read('{"command":["true"],"env":{"__proto__":"p","constructor":"c","":"e"}}')
    const { env } = sent(payloadOf("command/exec"), params) as { readonly env: object }
    assert.deepStrictEqual(Object.entries(env), [
      ["__proto__", "p"],
      ["constructor", "c"],
      ["", "e"]
    ])
  })
})

describe("WireError", () => {
  it.prop(
    "arrives as it was sent",
    [Schema.Int, Arbitrary.map(Arbitrary.schema(Schema.String), onWire), Json],
    ([code, message, data]) => {
      for (const error of [
        new WireError({ code: onWire(code), message }),
        new WireError({ code: onWire(code), message, data })
      ]) {
        assert.deepStrictEqual(sent(WireError, error), error)
      }
    },
    { arbitrary: { runs: RUNS } }
  )
})
