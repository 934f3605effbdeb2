import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { HELP, parse, type Arguments } from "../../src/layers/cli/Arguments.ts"
import * as AuthArguments from "../../src/layers/cli/AuthArguments.ts"
import { DEFAULT_LISTEN_URL } from "../../src/layers/cli/ListenUrl.ts"
import * as LogArguments from "../../src/layers/cli/LogArguments.ts"
import type { ServeArguments } from "../../src/layers/cli/ServeArguments.ts"
import { UsageError } from "../../src/layers/cli/Usage.ts"
import { RUNS } from "../support/runs.ts"

/** What the program is to do, or what it says instead. */
const parsed = (words: ReadonlyArray<string>): Arguments | string => {
  try {
    return parse(words)
  } catch (error) {
    return error instanceof UsageError ? error.message : assert.fail(String(error))
  }
}

const serve = (given: Partial<ServeArguments> = {}): Arguments => ({
  _tag: "Serve",
  listen: { _tag: "Stdio" },
  overrides: [],
  strictConfig: false,
  metrics: false,
  log: LogArguments.DEFAULT,
  auth: AuthArguments.parse([]),
  ...given
})
const webSocket = (host: string, port: number) => ({ _tag: "WebSocket", host, port }) as const
const DEFAULT = webSocket("127.0.0.1", 4500)
const HERE = webSocket("127.0.0.1", 0)

const withUsage = (problem: string) =>
  `error: ${problem}\n\nUsage: effect-app-server [OPTIONS] [COMMAND]\n\nFor more information, try '--help'.`
const withoutUsage = (problem: string) => `error: ${problem}\n\nFor more information, try '--help'.`

describe("the command line", () => {
  it("knows --metrics, where it can be answered", () => {
    const listening = serve({ listen: HERE, metrics: true })
    assert.deepStrictEqual(parsed(["--metrics", "--listen", "ws://127.0.0.1:0"]), listening)
    const unix = serve({ listen: { _tag: "Unix", path: "s" }, metrics: true })
    assert.deepStrictEqual(parsed(["--listen", "unix://s", "--metrics"]), unix)
    const off = serve({ listen: { _tag: "Off" }, metrics: true })
    assert.deepStrictEqual(parsed(["--listen", "off", "--metrics"]), off)
    for (const words of [["--metrics"], ["--stdio", "--metrics"], ["--metrics", "--listen", "stdio://"]]) {
      const problem =
        "'--metrics' answers HTTP; use it with '--listen ws://IP:PORT' or '--listen unix://PATH'"
      assert.strictEqual(parsed(words), withoutUsage(problem))
    }
    assert.strictEqual(
      parsed(["--metrics", "--metrics"]),
      withUsage("the argument '--metrics' cannot be used multiple times")
    )
  })

  it("knows sandbox-check, which takes nothing", () => {
    assert.deepStrictEqual(parsed(["sandbox-check"]), { _tag: "SandboxCheck" })
    assert.deepStrictEqual(parsed(["sandbox-check", "--help"]), { _tag: "Help" })
    assert.strictEqual(parsed(["sandbox-check", "-x"]), withUsage("unexpected argument '-x' found"))
    assert.strictEqual(parsed(["sandbox-check", "now"]), withUsage("unexpected argument 'now' found"))
  })

  it.each<readonly [ReadonlyArray<string>, Arguments]>([
    [[], serve()],
    [["--listen", "ws://127.0.0.1:0"], serve({ listen: HERE })],
    [["--listen=ws://127.0.0.1:0"], serve({ listen: HERE })],
    [["--listen=ws://[::1]:80"], serve({ listen: webSocket("::1", 80) })],
    [["--listen", "off"], serve({ listen: { _tag: "Off" } })],
    [["--listen", "stdio://"], serve()],
    [["--stdio"], serve()],
    [["--listen", "unix://"], serve({ listen: { _tag: "Unix", path: undefined } })],
    [["--listen=unix://a b"], serve({ listen: { _tag: "Unix", path: "a b" } })],
    [["--listen"], serve({ listen: DEFAULT })],
    [["--listen", "-c", "a=1"], serve({ listen: DEFAULT, overrides: ["a=1"] })],
    [["-c", "a=1", "--listen"], serve({ listen: DEFAULT, overrides: ["a=1"] })],
    [["--listen", `--config=a=1`], serve({ listen: DEFAULT, overrides: ["a=1"] })],
    [["--listen", "--"], serve({ listen: DEFAULT })]
  ])("says where to listen: %j", (words, expected) => {
    assert.deepStrictEqual(parsed(words), expected)
  })

  it.each([
    [["-c", "a=1"], ["a=1"]],
    [["-ca=1"], ["a=1"]],
    [["-c=a=1"], ["a=1"]],
    [["--config", "a=1"], ["a=1"]],
    [["--config=a=1"], ["a=1"]],
    [["--config=a=-1"], ["a=-1"]],
    [
      ["-c", "a", "-c", "b", "--config", "a"],
      ["a", "b", "a"]
    ],
    [["-c", ""], [""]],
    [["-c", "a=x y=z"], ["a=x y=z"]],
    [["--config=--listen"], ["--listen"]]
  ])("overrides configuration, in order: %j", (words, overrides) => {
    assert.deepStrictEqual(parsed(words), serve({ overrides }))
  })

  it("is strict about the configuration when told so, once", () => {
    assert.deepStrictEqual(parsed(["--strict-config"]), serve({ strictConfig: true }))
    assert.deepStrictEqual(
      parsed(["-c", "a=1", "--strict-config"]),
      serve({ overrides: ["a=1"], strictConfig: true })
    )
    assert.strictEqual(
      parsed(["--strict-config", "--strict-config"]),
      withUsage("the argument '--strict-config' cannot be used multiple times")
    )
    assert.strictEqual(
      parsed(["--strict-config=true"]),
      withoutUsage("unexpected value 'true' for '--strict-config' found; no more were expected")
    )
  })

  it.each([
    [["generate-ts", "--out", "d"], "ts", "d", false],
    [["generate-ts", "--out=d", "--experimental"], "ts", "d", true],
    [["generate-json-schema", "--experimental", "--out", "a b"], "json-schema", "a b", true],
    [["generate-json-schema", "--out", ""], "json-schema", "", false]
  ] as const)("generates types and schemas: %j", (words, what, out, experimental) => {
    assert.deepStrictEqual(parsed(words), { _tag: "Generate", what, out, experimental })
  })

  it.each([
    [["--help"], "Help"],
    [["-h"], "Help"],
    [["--version"], "Version"],
    [["-V"], "Version"],
    [["-hV"], "Help"],
    [["-Vh"], "Version"],
    [["--listen", "off", "-c", "a=1", "--help"], "Help"],
    [["-h", "--bogus"], "Help"],
    [["--listen", "nonsense", "-V"], "Version"],
    [["generate-ts", "--help"], "Help"],
    [["generate-json-schema", "--out", "d", "-h"], "Help"]
  ] as const)("shows help and version before anything that comes behind: %j", (words, _tag) => {
    assert.deepStrictEqual(parsed(words), { _tag })
  })

  it.each([
    [["--bogus"], "unexpected argument '--bogus' found"],
    [["--bogus=5"], "unexpected argument '--bogus' found"],
    [["-x"], "unexpected argument '-x' found"],
    [["-xc", "a"], "unexpected argument '-x' found"],
    [["--bogus", "--help"], "unexpected argument '--bogus' found"],
    [["--out", "d"], "unexpected argument '--out' found"],
    [["--experimental"], "unexpected argument '--experimental' found"],
    [["--__proto__"], "unexpected argument '--__proto__' found"],
    [["x"], "unrecognized subcommand 'x'"],
    [["-"], "unrecognized subcommand '-'"],
    [["-c", "a=1", "x"], "unrecognized subcommand 'x'"],
    [["--", "x"], "unrecognized subcommand 'x'"],
    [["--", "--bogus"], "unrecognized subcommand '--bogus'"],
    [["constructor"], "unrecognized subcommand 'constructor'"],
    [["toString", "--out", "d"], "unrecognized subcommand 'toString'"],
    [["__proto__"], "unrecognized subcommand '__proto__'"],
    [["--listen", "off", "--listen", "off"], "the argument '--listen <URL>' cannot be used multiple times"],
    [["--listen", "--listen"], "the argument '--listen <URL>' cannot be used multiple times"],
    [["generate-ts"], "the following required arguments were not provided:\n  --out <DIR>"],
    [["generate-ts", "--experimental"], "the following required arguments were not provided:\n  --out <DIR>"],
    [["generate-ts", "x"], "unexpected argument 'x' found"],
    [["generate-ts", "--listen", "off"], "unexpected argument '--listen' found"],
    [["--stdio", "--stdio"], "the argument '--stdio' cannot be used multiple times"],
    [
      ["--log-level", "info", "--log-level", "info"],
      "the argument '--log-level <LEVEL>' cannot be used multiple times"
    ],
    [
      ["--log-format=json", "--log-format=json"],
      "the argument '--log-format <FORMAT>' cannot be used multiple times"
    ],
    [["generate-ts", "--log-level", "off"], "unexpected argument '--log-level' found"],
    [["generate-ts", "-V"], "unexpected argument '-V' found"],
    [["generate-ts", "--out", "a", "--out", "b"], "the argument '--out <DIR>' cannot be used multiple times"],
    [
      ["generate-ts", "--out", "a", "--experimental", "--experimental"],
      "the argument '--experimental' cannot be used multiple times"
    ]
  ])("refuses %j with its usage: %s", (words, problem) => {
    assert.strictEqual(parsed(words), withUsage(problem))
  })

  it.each([
    [["-c"], "a value is required for '--config <key=value>' but none was supplied"],
    [["--config"], "a value is required for '--config <key=value>' but none was supplied"],
    [["-c", "--listen"], "a value is required for '--config <key=value>' but none was supplied"],
    [["-c", "--listen", "off"], "a value is required for '--config <key=value>' but none was supplied"],
    [["-c", "-h"], "a value is required for '--config <key=value>' but none was supplied"],
    [["generate-ts", "--out"], "a value is required for '--out <DIR>' but none was supplied"],
    [
      ["generate-ts", "--out", "--experimental"],
      "a value is required for '--out <DIR>' but none was supplied"
    ],
    [
      ["--listen", "x"],
      "invalid value 'x' for '--listen <URL>': unsupported --listen URL `x`; expected `stdio://`, `unix://`, `unix://PATH`, `ws://IP:PORT`, or `off`"
    ],
    [
      ["--listen="],
      "invalid value '' for '--listen <URL>': unsupported --listen URL ``; expected `stdio://`, `unix://`, `unix://PATH`, `ws://IP:PORT`, or `off`"
    ],
    [["--stdio=x"], "unexpected value 'x' for '--stdio' found; no more were expected"],
    [
      ["--log-level", "loud"],
      "invalid value 'loud' for '--log-level <LEVEL>'\n  [possible values: debug, info, warn, error, off]"
    ],
    [
      ["--log-level"],
      "a value is required for '--log-level <LEVEL>' but none was supplied\n  [possible values: debug, info, warn, error, off]"
    ],
    [["--log-format="], "invalid value '' for '--log-format <FORMAT>'\n  [possible values: logfmt, json]"],
    [
      ["--listen", "ws://localhost:1", "-c", "a=1"],
      "invalid value 'ws://localhost:1' for '--listen <URL>': invalid websocket --listen URL `ws://localhost:1`; expected `ws://IP:PORT`"
    ]
  ])("refuses %j without its usage: %s", (words, problem) => {
    assert.strictEqual(parsed(words), withoutUsage(problem))
  })

  it.each([
    [["--stdio", "--listen", "off"], "--stdio", "--listen <URL>"],
    [["--listen", "stdio://", "--stdio"], "--listen <URL>", "--stdio"],
    [["--listen", "nonsense", "--stdio", "--stdio"], "--listen <URL>", "--stdio"]
  ])("lets the client come in one way: %j", (words, first, second) => {
    assert.strictEqual(
      parsed(words),
      `error: the argument '${first}' cannot be used with '${second}'\n\nUsage: effect-app-server ${first}\n\nFor more information, try '--help'.`
    )
  })

  it("says what is logged, and how", () => {
    for (const level of ["debug", "info", "warn", "error", "off"] as const) {
      assert.deepStrictEqual(parsed([`--log-level=${level}`]), serve({ log: { level, format: "logfmt" } }))
    }
    assert.deepStrictEqual(
      parsed(["--log-format", "json", "--log-level", "off"]),
      serve({ log: { level: "off", format: "json" } })
    )
  })

  it("has a help that names every flag and command", () => {
    for (const word of [
      "--listen <URL>",
      "--stdio",
      "unix://PATH",
      "--log-level <LEVEL>",
      "--log-format <FORMAT>",
      "--ws-auth <MODE>",
      "-c, --config <key=value>",
      "-h, --help",
      "-V, --version",
      "generate-ts --out DIR",
      "generate-json-schema --out DIR",
      "[--experimental]",
      DEFAULT_LISTEN_URL
    ]) {
      assert.include(HELP, word)
    }
  })

  const Words = Schema.Array(
    Schema.Literals([
      "--listen",
      "ws://127.0.0.1:0",
      "off",
      "-c",
      "--config",
      "a=1",
      "--config=a=1",
      "--stdio",
      "--log-level",
      "--out",
      "d",
      "--experimental",
      "generate-ts",
      "generate-json-schema",
      "--",
      "-",
      "",
      "--bogus",
      "-x",
      "-hc",
      "-V",
      "constructor"
    ])
  )

  it.prop(
    "is understood or refused in words, whatever it is",
    { words: Words, more: Schema.Array(Schema.String) },
    ({ more, words }) => {
      for (const line of [words, more, [...words, ...more], [...more, ...words]]) {
        const result = parsed(line)
        if (typeof result === "string")
          assert.match(result, /^error: [^]+\n\nFor more information, try '--help'\.$/)
        else assert.include(["Help", "Version", "Serve", "Generate"], result._tag)
      }
    },
    { arbitrary: { runs: RUNS } }
  )
})
