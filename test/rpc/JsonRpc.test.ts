import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"
import {
  JsonRpcMessage,
  parse,
  printError,
  printNotification,
  printRequest,
  printResult,
  type Request,
  type RequestId
} from "../../src/rpc/JsonRpc.ts"
import * as LosslessJson from "../../src/rpc/LosslessJson.ts"
import { Int64 } from "../../src/rpc/Primitives.ts"
import { WireError, internalError, invalidRequest, overloaded } from "../../src/rpc/WireError.ts"
import { RUNS } from "../support/runs.ts"

/** As on the wire, where every text is Unicode: what has lone surrogates gets question marks instead. */
const onWire = <A>(json: A): A =>
  JSON.parse(
    JSON.stringify(json).replaceAll(/\\(?:ud[89a-f]..|.)/g, (escape) => (escape.length > 2 ? "?" : escape))
  ) as A

const Text = Arbitrary.map(Arbitrary.schema(Schema.String), onWire)
const Json = Arbitrary.map(Arbitrary.schema(Schema.Json), onWire)
const Integer = Arbitrary.schema(Int64)

const read = (text: string): any => {
  const json = LosslessJson.parse(text, new Set())
  return json._tag === "Success" ? json.value : assert.fail(json.reason)
}

const tagOf = (text: string) => parse(text)._tag

describe("JsonRpc.parse", () => {
  it("reads a request", () => {
    assert.deepStrictEqual(parse('{"id":1,"method":"m","params":{"a":[1]}}'), {
      _tag: "Request",
      id: 1,
      method: "m",
      params: { a: [1] }
    })
  })

  it("takes the params of a request as they came", () => {
    for (const [text, params] of [
      ["null", null],
      ["[]", []],
      ['"x"', "x"],
      ["5", 5],
      ["false", false]
    ] as const) {
      assert.deepStrictEqual(parse(`{"id":1,"method":"m","params":${text}}`), {
        _tag: "Request",
        id: 1,
        method: "m",
        params
      })
    }
    assert.deepStrictEqual(parse('{"id":1,"method":"m"}'), {
      _tag: "Request",
      id: 1,
      method: "m",
      params: undefined
    })
  })

  it("reads a notification, of which only the method counts", () => {
    for (const text of [
      '{"method":"m"}',
      '{"method":"m","params":{"a":1}}',
      '{"method":"m","result":1}',
      '{"jsonrpc":"2.0","method":"m","emittedAtMs":1}'
    ]) {
      assert.deepStrictEqual(parse(text), {
        _tag: "Notification",
        method: "m",
        params: (JSON.parse(text) as { readonly params?: unknown }).params
      })
    }
  })

  it.each([
    ['{"id":"a","result":{}}', {}, undefined],
    ['{"id":"a","result":null}', null, undefined],
    ['{"id":"a","error":{"code":1,"message":"m"}}', undefined, { code: 1, message: "m" }],
    ['{"id":"a","error":5}', undefined, 5]
  ])("reads the answer %s", (text, result, error) => {
    assert.deepStrictEqual(parse(text), { _tag: "Answer", id: "a", result, error })
  })

  it("takes a message with both a method and a result or an error for a request", () => {
    for (const member of [
      '"result":5',
      '"error":{"code":1,"message":"m"}',
      '"result":1,"error":2,"result":3'
    ]) {
      assert.deepStrictEqual(parse(`{"id":1,"method":"m",${member}}`), {
        _tag: "Request",
        id: 1,
        method: "m",
        params: undefined
      })
    }
  })

  it("ignores members that it does not know, also repeated ones, and white space", () => {
    assert.deepStrictEqual(
      parse(' {"jsonrpc":"1.0","zz":1, "zz":2,\n"id":1,"method":"m","__proto__":{"params":5}}\r\n'),
      { _tag: "Request", id: 1, method: "m", params: undefined }
    )
  })

  it("does not find the members of a message in its prototype", () => {
    assert.strictEqual(tagOf('{"__proto__":{"id":1,"method":"m"}}'), "Malformed")
    assert.strictEqual(tagOf('{"id":1,"__proto__":{"method":"m","result":1}}'), "Malformed")
  })
})

describe("JsonRpc.parse drops", () => {
  it.each([
    "",
    " ",
    "{}",
    "[]",
    "null",
    "5",
    "2.0",
    '"x"',
    "true",
    "{",
    "\uFEFF{}",
    '{"id":1,"method":"m"}{"id":2,"method":"m"}',
    '[{"id":1,"method":"m"}]',
    '{"id":1,"method":"m",}'
  ])("the text %j, which is no message", (text) => {
    const message = parse(text)
    assert.strictEqual(message._tag, "Malformed")
    assert.isNotEmpty((message as { readonly reason: string }).reason)
  })

  it.each(["5", "null", '["m"]', "{}", "true", "2.0"])("a message whose method is %s", (method) => {
    assert.strictEqual(tagOf(`{"id":1,"method":${method}}`), "Malformed")
    assert.strictEqual(tagOf(`{"method":${method}}`), "Malformed")
    assert.strictEqual(tagOf(`{"id":1,"method":${method},"result":1}`), "Malformed")
  })

  it.each([
    "null",
    "true",
    "[]",
    "[1]",
    "{}",
    "1.5",
    "2.0",
    "1e0",
    "0.0",
    "1e400",
    "9223372036854775808",
    "-9223372036854775809",
    "100000000000000000000000000000"
  ])("a request or an answer whose id is %s", (id) => {
    assert.strictEqual(tagOf(`{"id":${id},"method":"m"}`), "Malformed")
    assert.strictEqual(tagOf(`{"id":${id},"result":1}`), "Malformed")
  })

  it("what has an id but neither a method, a result nor an error, and the other way round", () => {
    assert.strictEqual(tagOf('{"id":1}'), "Malformed")
    assert.strictEqual(tagOf('{"id":1,"params":{}}'), "Malformed")
    assert.strictEqual(tagOf('{"result":1}'), "Malformed")
    assert.strictEqual(tagOf('{"error":{"code":1,"message":"m"}}'), "Malformed")
  })

  it.each(["id", "method", "params", "trace"])("a request with a second `%s`", (name) => {
    const members = { id: "1", method: '"m"', params: "{}", trace: "{}" }
    const text = Object.entries(members).map(([key, value]) => `"${key}":${value}`)
    const value = members[name as keyof typeof members]
    const escaped = `\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}`
    assert.strictEqual(tagOf(`{${text.join(",")}}`), "Request")
    assert.strictEqual(tagOf(`{${text.join(",")},"${name}":${value}}`), "Malformed")
    assert.strictEqual(tagOf(`{"${name}":${value},${text.join(",")}}`), "Malformed")
    assert.strictEqual(tagOf(`{"${escaped}":${value},${text.join(",")}}`), "Malformed")
  })

  it("lone surrogates, in whatever member", () => {
    for (const text of [
      '{"id":"a\\ud800","method":"m"}',
      '{"id":1,"method":"m\\udc00"}',
      '{"id":1,"method":"m","params":["\\ud800\\u0061"]}',
      '{"id":1,"method":"m","\\ud800":1}'
    ]) {
      assert.strictEqual(tagOf(text), "Malformed")
    }
    assert.deepStrictEqual(parse('{"id":"\\ud83d\\ude00","method":"m"}'), {
      _tag: "Request",
      id: "😀",
      method: "m",
      params: undefined
    })
  })

  it("messages nested too deep", () => {
    const nested = (depth: number) =>
      `{"id":1,"method":"m","zz":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`
    assert.strictEqual(tagOf(nested(LosslessJson.MAX_DEPTH)), "Request")
    assert.strictEqual(tagOf(nested(LosslessJson.MAX_DEPTH + 1)), "Malformed")
  })
})

describe("the trace of a request", () => {
  it.each([
    "null",
    "{}",
    "[]",
    '{"traceparent":null}',
    '{"traceparent":"00-1-2-01","tracestate":"a=b"}',
    '{"zz":5}'
  ])("may be %s", (trace) => {
    assert.strictEqual(tagOf(`{"id":1,"method":"m","trace":${trace}}`), "Request")
  })

  it.each(["5", '""', "true", "1.5", '{"traceparent":5}', '{"tracestate":[]}'])(
    "makes the message bad when it is %s",
    (trace) => {
      assert.strictEqual(tagOf(`{"id":1,"method":"m","trace":${trace}}`), "Malformed")
    }
  )
})

describe("ids", () => {
  it.each<readonly [string, RequestId]>([
    ["0", 0],
    ["7", 7],
    ['"7"', "7"],
    ['""', ""],
    ['"a\\"b\\\\é😀"', 'a"b\\é😀'],
    ["-1", -1],
    ["9007199254740991", 9007199254740991],
    ["9007199254740993", 9007199254740993n],
    ["9223372036854775807", 9223372036854775807n],
    ["-9223372036854775808", -9223372036854775808n]
  ])("%s is given back as it came", (text, id) => {
    assert.deepStrictEqual(parse(`{"id":${text},"result":1}`), {
      _tag: "Answer",
      id,
      result: 1,
      error: undefined
    })
    assert.deepInclude(parse(`{"id":${text},"method":"m"}`), { _tag: "Request", id })
    assert.strictEqual(printResult(id, {}), `{"id":${text},"result":{}}`)
    assert.isTrue(printError(id, invalidRequest("m")).endsWith(`,"id":${text}}`))
  })

  it("-0 is given back as 0", () => {
    const request = parse('{"id":-0,"method":"m"}') as Request
    assert.strictEqual(request._tag, "Request")
    assert.strictEqual(printResult(request.id, 1), '{"id":0,"result":1}')
  })
})

describe("printing", () => {
  it("writes the members in the order of the original", () => {
    assert.strictEqual(printResult(1, { a: null }), '{"id":1,"result":{"a":null}}')
    assert.strictEqual(
      printError("x", invalidRequest("no")),
      '{"error":{"code":-32600,"message":"no"},"id":"x"}'
    )
    assert.strictEqual(
      printError(1, overloaded({ limit: "l", max: 2, current: 2 })),
      '{"error":{"code":-32001,"message":"Server overloaded; retry later.","data":{"limit":"l","max":2,"current":2}},"id":1}'
    )
    assert.strictEqual(
      printRequest(1, "m", { a: 2n ** 60n }),
      `{"id":1,"method":"m","params":{"a":${2n ** 60n}}}`
    )
    assert.strictEqual(printRequest("x", "m", undefined), '{"id":"x","method":"m"}')
    assert.strictEqual(
      printNotification("m", { a: "b" }, 1_700_000_000_000),
      '{"method":"m","params":{"a":"b"},"emittedAtMs":1700000000000}'
    )
  })

  it("leaves out the data of an error that has none", () => {
    assert.notInclude(printError(1, internalError("m")), "data")
  })

  it("gives integers beyond 2^53 exactly, and leaves strings that look like them alone", () => {
    const result = {
      a: [2n ** 63n - 1n, -(2n ** 63n)],
      b: "9223372036854775807",
      c: '"\\ud8005"',
      "\\ud8006": 1n
    }
    const text = printResult(1, result)
    assert.include(text, '"a":[9223372036854775807,-9223372036854775808],"b":"9223372036854775807"')
    assert.deepStrictEqual(read(text), { id: 1, result: { ...result, "\\ud8006": 1 } })
    assert.deepStrictEqual(read(printNotification("m", { n: 2n ** 60n }, 1)), {
      method: "m",
      params: { n: 2n ** 60n },
      emittedAtMs: 1
    })
    assert.deepStrictEqual(read(printError(1, new WireError({ code: 2n ** 60n, message: "m" }))), {
      error: { code: 2n ** 60n, message: "m" },
      id: 1
    })
  })

  it.prop(
    "and reading back: a text id and the result survive",
    { id: Text, result: Json },
    ({ id, result }) => {
      const text = printResult(id, result)
      assert.deepStrictEqual(JSON.parse(text), { id, result })
      assert.deepInclude(parse(text), { _tag: "Answer", id })
    },
    { arbitrary: { runs: RUNS } }
  )

  it.prop(
    "and reading back: an integer id survives up to 64 bits",
    { id: Integer, result: Json },
    ({ id, result }) => {
      const text = printResult(id, result)
      assert.isTrue(text.startsWith(`{"id":${id},"result":`), text)
      assert.deepInclude(parse(text), { _tag: "Answer", id: id === 0 ? 0 : id })
    },
    { arbitrary: { runs: RUNS } }
  )

  it.prop(
    "and reading back: what is printed as a request is the same request",
    { id: Text, method: Text, params: Json },
    ({ id, method, params }) => {
      const request = parse(printRequest(id, method, params)) as Request
      assert.deepInclude(request, { _tag: "Request", id, method })
      assert.strictEqual(printResult(id, request.params), printResult(id, params))
    },
    { arbitrary: { runs: RUNS } }
  )

  it.prop(
    "makes messages of the schema",
    { id: Text, integer: Integer, json: Json, message: Text },
    ({ id, integer, json, message }) => {
      const decode = Schema.decodeUnknownExit(JsonRpcMessage)
      for (const text of [
        printResult(id, json),
        printResult(integer, json),
        printError(id, new WireError({ code: -32600, message, data: json })),
        printNotification(message, json, 1)
      ]) {
        assert.strictEqual(decode(read(text))._tag, "Success", text)
      }
    },
    { arbitrary: { runs: RUNS } }
  )
})
