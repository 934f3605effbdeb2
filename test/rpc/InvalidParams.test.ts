import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"
import type * as Rpc from "effect/rpc/Rpc"
import { AppServerRpcs } from "../../src/rpc/AppServerRpcs.ts"
import { judge } from "../../src/rpc/InvalidParams.ts"
import * as LosslessJson from "../../src/rpc/LosslessJson.ts"
import { RUNS } from "../support/runs.ts"

type Wire = Schema.Codec<any, any>

const rpcs = [...(AppServerRpcs.requests as ReadonlyMap<string, Rpc.AnyWithProps>)].map(([method, rpc]) => ({
  method,
  payload: rpc.payloadSchema as unknown as Wire
}))
const withParams = rpcs.filter(({ payload }) => !AST.isUndefined(payload.ast))
const payloadOf = (method: string) => rpcs.find((rpc) => rpc.method === method)!.payload

const read = (text: string): any => {
  const json = LosslessJson.parse(text, new Set())
  return json._tag === "Success" ? json.value : assert.fail(json.reason)
}
const accepts = (schema: Wire, value: unknown) => Schema.decodeUnknownExit(schema)(value)._tag === "Success"
const decode = (schema: Wire, value: unknown) => Schema.decodeUnknownSync(schema)(value)

/** What is said of params, or that they are taken, by name or by position. */
const verdict = (method: string, params: string): string => {
  const payload = payloadOf(method)
  const value = read(params)
  if (accepts(payload, value)) return "accepted"
  const judgement = judge(payload, value)
  if (judgement._tag === "Problem") return judgement.message
  decode(payload, judgement.params)
  return "accepted by position"
}

/** Any JSON value, as it is read from a text. */
const Json = Arbitrary.map(Arbitrary.schema(Schema.Json), (json) =>
  read(
    JSON.stringify(json).replaceAll(/\\(?:ud[89a-f]..|.)/g, (escape) => (escape.length > 2 ? "?" : escape))
  )
)
const AnyIndex = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 999_999 }))

/** Params of the wire for each method. */
const paramsOf = (payload: Wire) =>
  Arbitrary.map(
    Arbitrary.schema(payload),
    (params) => Schema.encodeUnknownSync(payload)(params) as Record<string, unknown>
  )

/** The names of the members in the order of the schema. */
const membersOf = (schema: Schema.Top) =>
  schema.ast._tag === "Objects" ? schema.ast.propertySignatures.map(({ name }) => String(name)) : []

/** The params with all members, absent ones as null or as false: whatever the schema takes. */
const complete = (payload: Wire, params: Record<string, unknown>) =>
  Object.fromEntries(
    membersOf(payload).map((name) => {
      if (Object.hasOwn(params, name)) return [name, params[name]]
      return [name, accepts(payload, { ...params, [name]: null }) ? null : false]
    })
  )

/** The params that an array in place of an object stands for. */
const byPosition = (payload: Wire, positional: unknown): unknown => {
  const judgement = judge(payload, positional)
  return judgement._tag === "ByPosition" ? decode(payload, judgement.params) : assert.fail(judgement.message)
}

const CONNECT = '"clientInfo":{"name":"x","version":"1"}'
const TRUE = '"command":["true"]'
const EDITED = { keyPath: "a", value: null, mergeStrategy: "replace" }
const EDIT = '"keyPath":"a","value":1'

describe("InvalidParams says what the original says:", () => {
  it.each([
    // not an object
    ["command/exec", '"str"', 'invalid type: string "str", expected struct CommandExecParams'],
    ["command/exec", "5", "invalid type: integer `5`, expected struct CommandExecParams"],
    ["command/exec", "1.5", "invalid type: floating point `1.5`, expected struct CommandExecParams"],
    ["command/exec", "true", "invalid type: boolean `true`, expected struct CommandExecParams"],
    ["config/read", "2.0", "invalid type: floating point `2.0`, expected struct ConfigReadParams"],
    [
      "mock/experimentalMethod",
      "2.0",
      "invalid type: floating point `2.0`, expected struct MockExperimentalMethodParams"
    ],
    // lists, texts, flags
    ["command/exec", '{"command":"x"}', 'invalid type: string "x", expected a sequence'],
    ["command/exec", '{"command":[1]}', "invalid type: integer `1`, expected a string"],
    ["command/exec", '{"command":{}}', "invalid type: map, expected a sequence"],
    ["command/exec", '{"command":null}', "invalid type: null, expected a sequence"],
    ["command/exec", '{"tty":1}', "invalid type: integer `1`, expected a boolean"],
    ["command/exec", "{}", "missing field `command`"],
    ["command/exec", `{${TRUE},"cwd":5}`, "invalid type: integer `5`, expected path string"],
    ["command/exec", `{${TRUE},"processId":5}`, "invalid type: integer `5`, expected a string"],
    ["command/exec", `{${TRUE},"cwd":null,"tty":null}`, "invalid type: null, expected a boolean"],
    ["process/kill", '{"processHandle":5}', "invalid type: integer `5`, expected a string"],
    ["mock/experimentalMethod", '{"value":5.5}', "invalid type: floating point `5.5`, expected a string"],
    ["mock/experimentalMethod", '{"value":-1.25}', "invalid type: floating point `-1.25`, expected a string"],
    [
      "mock/experimentalMethod",
      '{"value":0.0000001}',
      "invalid type: floating point `1e-7`, expected a string"
    ],
    ["mock/experimentalMethod", '{"value":-0}', "invalid type: integer `0`, expected a string"],
    ["mock/experimentalMethod", '{"value":{"a":1}}', "invalid type: map, expected a string"],
    // the first problem in the order of the text; the last one of repeated members
    ["command/exec", '{"tty":1,"command":5}', "invalid type: integer `1`, expected a boolean"],
    ["command/exec", '{"command":5,"tty":1}', "invalid type: integer `5`, expected a sequence"],
    ["command/exec", `{"command":5,${TRUE}}`, "accepted"],
    [
      "process/kill",
      '{"processHandle":"h","processHandle":5}',
      "invalid type: integer `5`, expected a string"
    ],
    // integers
    ["command/exec", `{${TRUE},"timeoutMs":1.5}`, "invalid type: floating point `1.5`, expected i64"],
    ["command/exec", `{${TRUE},"timeoutMs":2.0}`, "invalid type: floating point `2.0`, expected i64"],
    ["command/exec", `{${TRUE},"timeoutMs":-0}`, "accepted"],
    ["command/exec", `{${TRUE},"timeoutMs":9223372036854775807}`, "accepted"],
    [
      "command/exec",
      `{${TRUE},"timeoutMs":9223372036854775808}`,
      "invalid value: integer `9223372036854775808`, expected i64"
    ],
    ["command/exec", `{${TRUE},"timeoutMs":-9223372036854775808}`, "accepted"],
    ["command/exec", `{${TRUE},"timeoutMs":"5"}`, 'invalid type: string "5", expected i64'],
    ["command/exec", `{${TRUE},"timeoutMs":true}`, "invalid type: boolean `true`, expected i64"],
    ["command/exec", `{${TRUE},"timeoutMs":[]}`, "invalid type: sequence, expected i64"],
    ["command/exec", `{${TRUE},"timeoutMs":{}}`, "invalid type: map, expected i64"],
    ["command/exec", `{${TRUE},"outputBytesCap":-1}`, "invalid value: integer `-1`, expected usize"],
    ["command/exec", `{${TRUE},"outputBytesCap":18446744073709551615}`, "accepted"],
    ["command/exec", `{${TRUE},"outputBytesCap":1.5}`, "invalid type: floating point `1.5`, expected usize"],
    [
      "command/exec",
      `{${TRUE},"size":{"rows":65536,"cols":1}}`,
      "invalid value: integer `65536`, expected u16"
    ],
    ["command/exec", `{${TRUE},"size":{"rows":-1,"cols":1}}`, "invalid value: integer `-1`, expected u16"],
    [
      "command/exec",
      `{${TRUE},"size":{"rows":9007199254740993,"cols":1}}`,
      "invalid value: integer `9007199254740993`, expected u16"
    ],
    // structs and maps within
    [
      "command/exec",
      `{${TRUE},"size":"x"}`,
      'invalid type: string "x", expected struct CommandExecTerminalSize'
    ],
    [
      "command/exec",
      `{${TRUE},"size":2.0}`,
      "invalid type: floating point `2.0`, expected struct CommandExecTerminalSize"
    ],
    ["command/exec", `{${TRUE},"size":{"rows":1}}`, "missing field `cols`"],
    ["command/exec", `{${TRUE},"env":["A"]}`, "invalid type: sequence, expected a map"],
    ["command/exec", `{${TRUE},"env":{"A":1,"B":2}}`, "invalid type: integer `1`, expected a string"],
    ["command/exec", `{${TRUE},"env":"A"}`, 'invalid type: string "A", expected a map'],
    ["command/exec", `{${TRUE},"env":2.0}`, "invalid type: floating point `2.0`, expected a map"],
    ["command/exec/resize", '{"processId":"x"}', "missing field `size`"],
    [
      "command/exec/resize",
      '{"processId":"x","size":null}',
      "invalid type: null, expected struct CommandExecTerminalSize"
    ],
    ["initialize", '{"clientInfo":"x"}', 'invalid type: string "x", expected struct ClientInfo'],
    [
      "initialize",
      `{${CONNECT},"capabilities":{"experimentalApi":null}}`,
      "invalid type: null, expected a boolean"
    ],
    [
      "initialize",
      `{${CONNECT},"capabilities":{"optOutNotificationMethods":5}}`,
      "invalid type: integer `5`, expected a sequence"
    ],
    [
      "initialize",
      `{${CONNECT},"capabilities":{"extensions":5}}`,
      "invalid type: integer `5`, expected a map"
    ],
    [
      "initialize",
      `{${CONNECT},"capabilities":{"extensions":2.0}}`,
      "invalid type: floating point `2.0`, expected a map"
    ],
    [
      "initialize",
      `{${CONNECT},"capabilities":2.0}`,
      "invalid type: floating point `2.0`, expected struct InitializeCapabilities"
    ],
    // writes of the configuration
    ["config/value/write", "{}", "missing field `keyPath`"],
    ["config/value/write", '{"keyPath":"a","mergeStrategy":"replace"}', "missing field `value`"],
    ["config/value/write", `{${EDIT}}`, "missing field `mergeStrategy`"],
    ["config/value/write", '{"keyPath":"a","value":null,"mergeStrategy":"replace"}', "accepted"],
    [
      "config/value/write",
      `{${EDIT},"mergeStrategy":"x"}`,
      "unknown variant `x`, expected `replace` or `upsert`"
    ],
    ["config/value/write", `{${EDIT},"mergeStrategy":null}`, "invalid type: null, expected string or map"],
    [
      "config/value/write",
      `{${EDIT},"mergeStrategy":["replace"]}`,
      "invalid type: sequence, expected string or map"
    ],
    ["config/value/write", '{"keyPath":null}', "invalid type: null, expected a string"],
    ["config/value/write", '{"filePath":5}', "invalid type: integer `5`, expected a string"],
    ["config/value/write", '{"expectedVersion":5}', "invalid type: integer `5`, expected a string"],
    ["config/value/write", `{${EDIT},"mergeStrategy":"upsert","reloadUserConfig":5}`, "accepted"],
    [
      "config/value/write",
      '["a",1,"replace",null]',
      "invalid length 4, expected struct ConfigValueWriteParams with 5 elements"
    ],
    ["config/value/write", '["a",null,"replace",null,null]', "accepted by position"],
    ["config/batchWrite", "{}", "missing field `edits`"],
    ["config/batchWrite", '{"edits":null}', "invalid type: null, expected a sequence"],
    ["config/batchWrite", '{"edits":[null]}', "invalid type: null, expected struct ConfigEdit"],
    ["config/batchWrite", '{"edits":[{"keyPath":"a"}]}', "missing field `value`"],
    ["config/batchWrite", `{"edits":[{${EDIT}}]}`, "missing field `mergeStrategy`"],
    [
      "config/batchWrite",
      '{"edits":[["a",1]]}',
      "invalid length 2, expected struct ConfigEdit with 3 elements"
    ],
    [
      "config/batchWrite",
      '{"edits":[["a",1,"replace",3]]}',
      "invalid length 4, expected 3 elements in sequence"
    ],
    [
      "config/batchWrite",
      '{"edits":[["a",1,"replace"],{"keyPath":"b","value":2,"mergeStrategy":"upsert"}]}',
      "accepted by position"
    ],
    ["config/batchWrite", '{"edits":[["a",1,"x"]]}', "unknown variant `x`, expected `replace` or `upsert`"],
    ["config/batchWrite", '{"edits":[],"reloadUserConfig":null}', "invalid type: null, expected a boolean"],
    [
      "config/batchWrite",
      "[[],null]",
      "invalid length 2, expected struct ConfigBatchWriteParams with 4 elements"
    ],
    ["config/batchWrite", "[[],null,null]", "accepted by position"],
    ["config/batchWrite", "[[],null,null,false,1]", "invalid length 5, expected 4 elements in sequence"],
    // no params
    ["configRequirements/read", '{"x":1}', "invalid type: map, expected unit"],
    ["configRequirements/read", "[]", "invalid type: sequence, expected unit"],
    ["configRequirements/read", '"x"', 'invalid type: string "x", expected unit'],
    ["configRequirements/read", "5", "invalid type: integer `5`, expected unit"],
    ["configRequirements/read", "1.5", "invalid type: floating point `1.5`, expected unit"],
    ["configRequirements/read", "2.0", "invalid type: floating point `2.0`, expected unit"],
    ["configRequirements/read", "false", "invalid type: boolean `false`, expected unit"],
    // absolute paths
    ["fs/readFile", '{"path":"rel"}', "AbsolutePathBuf deserialized without a base path"],
    ["fs/readFile", '{"path":""}', "AbsolutePathBuf deserialized without a base path"],
    ["fs/readFile", '{"path":"~/x"}', "AbsolutePathBuf deserialized without a base path"],
    ["fs/readFile", '{"path":5}', "invalid type: integer `5`, expected path string"],
    ["fs/readFile", '["rel"]', "AbsolutePathBuf deserialized without a base path"],
    [
      "process/spawn",
      '{"command":["x"],"processHandle":"","cwd":"rel"}',
      "AbsolutePathBuf deserialized without a base path"
    ]
  ])("%s %s: %s", (method, params, expected) => {
    assert.strictEqual(verdict(method, params), expected)
  })

  it.each([
    [
      '{"type":"x"}',
      "unknown variant `x`, expected one of `dangerFullAccess`, `readOnly`, `externalSandbox`, `workspaceWrite`"
    ],
    ["{}", "missing field `type`"],
    ['{"type":null}', "invalid type: null, expected variant identifier"],
    ['{"type":[]}', "invalid type: sequence, expected variant identifier"],
    ['"x"', 'invalid type: string "x", expected internally tagged enum SandboxPolicyDeserialize'],
    ["5", "invalid type: integer `5`, expected internally tagged enum SandboxPolicyDeserialize"],
    ["2.0", "invalid type: floating point `2.0`, expected internally tagged enum SandboxPolicyDeserialize"],
    ['{"type":"readOnly","networkAccess":5}', "invalid type: integer `5`, expected a boolean"],
    ['{"type":"readOnly","networkAccess":1.5}', "invalid type: floating point `1.5`, expected a boolean"],
    ['{"type":"readOnly","networkAccess":2.0}', "invalid type: floating point `2.0`, expected a boolean"],
    ['{"type":"readOnly","networkAccess":null}', "invalid type: null, expected a boolean"],
    [
      '{"type":"externalSandbox","networkAccess":true}',
      "invalid type: boolean `true`, expected string or map"
    ],
    ['{"type":"externalSandbox","networkAccess":null}', "invalid type: null, expected string or map"],
    ['{"type":"externalSandbox","networkAccess":[]}', "invalid type: sequence, expected string or map"],
    [
      '{"type":"externalSandbox","networkAccess":"no"}',
      "unknown variant `no`, expected `restricted` or `enabled`"
    ],
    ['{"type":"workspaceWrite","writableRoots":["rel"]}', "AbsolutePathBuf deserialized without a base path"],
    ['{"type":"workspaceWrite","writableRoots":"rel"}', 'invalid type: string "rel", expected a sequence'],
    ['{"type":"workspaceWrite","writableRoots":null}', "invalid type: null, expected a sequence"],
    ['{"type":"workspaceWrite","writableRoots":[5]}', "invalid type: integer `5`, expected path string"],
    ['{"type":"dangerFullAccess","networkAccess":5}', "accepted"]
  ])("a sandbox policy %s: %s", (policy, expected) => {
    assert.strictEqual(verdict("command/exec", `{${TRUE},"sandboxPolicy":${policy}}`), expected)
  })

  it.each([
    ["a\"b\\é\u0001\n'", '"a\\"b\\\\é\\u{1}\\n\'"'],
    ["\u007F\u200B😀\t\r\\", '"\\u{7f}\\u{200b}😀\\t\\r\\\\"'],
    ["e\u0301\u00AD\uFEFF\u0085", '"e\\u{301}\\u{ad}\\u{feff}\\u{85}"'],
    ["\0\u001B a  b", '"\\0\\u{1b} a  b"']
  ])("the text %j is shown as Rust shows it", (text, shown) => {
    const params = JSON.stringify({ tty: text })
    assert.strictEqual(verdict("command/exec", params), `invalid type: string ${shown}, expected a boolean`)
  })
})

describe("InvalidParams takes arrays as the original does:", () => {
  it.each([
    ["mock/experimentalMethod", '["v"]', "accepted by position"],
    ["mock/experimentalMethod", '["v",2]', "invalid length 2, expected 1 element in sequence"],
    [
      "mock/experimentalMethod",
      "[]",
      "invalid length 0, expected struct MockExperimentalMethodParams with 1 element"
    ],
    ["config/read", "[]", "invalid length 1, expected struct ConfigReadParams with 2 elements"],
    ["config/read", "[true]", "invalid length 1, expected struct ConfigReadParams with 2 elements"],
    ["config/read", '[true,"x"]', "accepted by position"],
    ["config/read", '[true,"x",3]', "invalid length 3, expected 2 elements in sequence"],
    ["config/read", '[5,"x"]', "invalid type: integer `5`, expected a boolean"],
    ["command/exec", "[]", "invalid length 0, expected struct CommandExecParams with 14 elements"],
    ["command/exec", '[["true"]]', "invalid length 1, expected struct CommandExecParams with 14 elements"],
    [
      "command/exec",
      '[["true"],null]',
      "invalid length 5, expected struct CommandExecParams with 14 elements"
    ],
    [
      "command/exec",
      '[["true"],null,false,false,false,null]',
      "invalid length 8, expected struct CommandExecParams with 14 elements"
    ],
    [
      "command/exec",
      '[["true"],null,false,false,false,null,false,false,null,null,null,[1,2],null]',
      "invalid length 13, expected struct CommandExecParams with 14 elements"
    ],
    [
      "command/exec",
      '[["true"],null,false,false,false,null,false,false,null,null,null,[1,2],null,null]',
      "accepted by position"
    ],
    ["command/exec", `{${TRUE},"size":[5,6],"tty":true,"processId":"z"}`, "accepted by position"],
    [
      "command/exec",
      `{${TRUE},"size":[5],"tty":true,"processId":"z"}`,
      "invalid length 1, expected struct CommandExecTerminalSize with 2 elements"
    ],
    [
      "command/exec/write",
      '["p"]',
      "invalid length 1, expected struct CommandExecWriteParams with 3 elements"
    ],
    ["command/exec/write", '["p",null]', "accepted by position"],
    ["command/exec/write", '["p",null,true]', "accepted by position"],
    ["command/exec/resize", '["p",[1,2]]', "accepted by position"],
    ["command/exec/resize", '["p",[1,2,3]]', "invalid length 3, expected 2 elements in sequence"],
    ["command/exec/terminate", '["p"]', "accepted by position"],
    ["initialize", "[]", "invalid length 0, expected struct InitializeParams with 2 elements"],
    ["initialize", '[["x",null,"1"]]', "invalid length 1, expected struct InitializeParams with 2 elements"],
    ["initialize", '[["x",null,"1"],null]', "accepted by position"],
    ["initialize", '{"clientInfo":["x",null,"1"]}', "accepted by position"],
    [
      "initialize",
      '{"clientInfo":["x",null]}',
      "invalid length 2, expected struct ClientInfo with 3 elements"
    ],
    [
      "initialize",
      `{${CONNECT},"capabilities":[]}`,
      "invalid length 5, expected struct InitializeCapabilities with 7 elements"
    ],
    [
      "initialize",
      `{${CONNECT},"capabilities":[true,false,false,false,false,null]}`,
      "invalid length 6, expected struct InitializeCapabilities with 7 elements"
    ],
    [
      "initialize",
      `{${CONNECT},"capabilities":[false,false,false,false,false,null,null]}`,
      "accepted by position"
    ],
    ["fs/readFile", '["/etc/hostname"]', "accepted by position"]
  ])("%s %s: %s", (method, params, expected) => {
    assert.strictEqual(verdict(method, params), expected)
  })

  it("what is given by position ends where the array ends", () => {
    assert.deepStrictEqual(byPosition(payloadOf("command/exec/write"), ["p", "AAAA"]), {
      processId: "p",
      deltaBase64: "AAAA"
    })
  })
})

describe.each(withParams)("InvalidParams for $method", ({ payload }) => {
  it.prop(
    "has a word for whatever the schema refuses in a member",
    { params: paramsOf(payload), index: AnyIndex, json: Json },
    ({ index, json, params }) => {
      const names = membersOf(payload)
      const name = names[index % names.length]!
      const broken = { ...params, [name]: json }
      if (accepts(payload, broken)) return
      const judgement = judge(payload, broken)
      if (judgement._tag === "Problem") assert.isNotEmpty(judgement.message)
      else assert.isTrue(Array.isArray(json) && accepts(payload, judgement.params), JSON.stringify(json))
    },
    { arbitrary: { runs: RUNS } }
  )

  it.prop(
    "has a word for whatever the schema refuses as a whole",
    [Json],
    ([json]) => {
      if (accepts(payload, json)) return
      const judgement = judge(payload, json)
      if (judgement._tag === "Problem") assert.isNotEmpty(judgement.message)
      else assert.isTrue(Array.isArray(json) && accepts(payload, judgement.params), JSON.stringify(json))
    },
    { arbitrary: { runs: RUNS } }
  )

  it.prop(
    "names the member that is missing",
    { params: paramsOf(payload), index: AnyIndex },
    ({ index, params }) => {
      const names = Object.keys(params)
      const name = names[index % names.length]
      const rest = Object.fromEntries(Object.entries(params).filter(([key]) => key !== name))
      if (accepts(payload, rest)) return
      assert.deepStrictEqual(judge(payload, rest), { _tag: "Problem", message: `missing field \`${name}\`` })
    },
    { arbitrary: { runs: RUNS } }
  )

  it.prop(
    "takes the members by position",
    [paramsOf(payload)],
    ([params]) => {
      const named = complete(payload, params)
      assert.deepStrictEqual(byPosition(payload, Object.values(named)), decode(payload, named))
    },
    { arbitrary: { runs: RUNS } }
  )
})

describe("InvalidParams takes by position the members of structs within:", () => {
  it.prop(
    "who the client is and what it can do",
    [paramsOf(payloadOf("initialize"))],
    ([params]) => {
      const { capabilities, clientInfo } = params as { readonly capabilities?: any; readonly clientInfo: any }
      const named = {
        clientInfo: { name: clientInfo.name, title: clientInfo.title ?? null, version: clientInfo.version },
        capabilities: {
          requiredHumanApproval: false,
          explicitGatewayOauth: false,
          experimentalApi: false,
          requestAttestation: false,
          mcpServerOpenaiFormElicitation: false,
          optOutNotificationMethods: null,
          extensions: null,
          ...capabilities
        }
      }
      const capabilityOrder = [
        named.capabilities.requiredHumanApproval,
        named.capabilities.explicitGatewayOauth,
        named.capabilities.experimentalApi,
        named.capabilities.requestAttestation,
        named.capabilities.mcpServerOpenaiFormElicitation,
        named.capabilities.optOutNotificationMethods,
        named.capabilities.extensions
      ]
      const payload = payloadOf("initialize")
      const expected = decode(payload, named)
      const client = Object.values(named.clientInfo)
      assert.deepStrictEqual(byPosition(payload, { ...named, clientInfo: client }), expected)
      assert.deepStrictEqual(byPosition(payload, { ...named, capabilities: capabilityOrder }), expected)
      assert.deepStrictEqual(byPosition(payload, [client, capabilityOrder]), expected)
    },
    { arbitrary: { runs: RUNS } }
  )

  it.prop(
    "the edits of a batch",
    [paramsOf(payloadOf("config/batchWrite"))],
    ([params]) => {
      const payload = payloadOf("config/batchWrite")
      const edits = (params as { readonly edits: ReadonlyArray<any> }).edits.concat(EDITED)
      const positional = edits.map(({ keyPath, mergeStrategy, value }) => [keyPath, value, mergeStrategy])
      assert.deepStrictEqual(
        byPosition(payload, { ...params, edits: positional }),
        decode(payload, { ...params, edits })
      )
    },
    { arbitrary: { runs: RUNS } }
  )

  it.prop(
    "the size of a terminal",
    [paramsOf(payloadOf("command/exec/resize"))],
    ([params]) => {
      const { processId, size } = params as { readonly processId: string; readonly size: any }
      const payload = payloadOf("command/exec/resize")
      const expected = decode(payload, params)
      assert.deepStrictEqual(byPosition(payload, { processId, size: [size.rows, size.cols] }), expected)
      assert.deepStrictEqual(byPosition(payload, [processId, [size.rows, size.cols]]), expected)
    },
    { arbitrary: { runs: RUNS } }
  )
})
