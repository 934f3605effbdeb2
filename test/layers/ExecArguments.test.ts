import { assert, describe, it } from "@effect/vitest"
import { parse as parseAll } from "../../src/layers/cli/Arguments.ts"
import { HELP, type ExecArguments, type Parsed } from "../../src/layers/cli/ExecArguments.ts"
import { DEFAULT_LISTEN_URL } from "../../src/layers/cli/ListenUrl.ts"
import { UsageError } from "../../src/layers/cli/Usage.ts"

const parsed = (words: ReadonlyArray<string>) => {
  try {
    return parseAll(["exec", ...words])
  } catch (error) {
    return error instanceof UsageError ? error.message : assert.fail(String(error))
  }
}

const exec = (given: Partial<ExecArguments> = {}): Parsed => ({
  _tag: "Exec",
  url: DEFAULT_LISTEN_URL,
  tokenFile: undefined,
  tty: false,
  env: {},
  cwd: undefined,
  timeoutMs: undefined,
  command: ["ls"],
  ...given
})

describe("the words behind exec", () => {
  it.each<readonly [ReadonlyArray<string>, Partial<ExecArguments>]>([
    [["--", "ls"], {}],
    [["ls"], {}],
    [["ls", "-l", "--tty"], { command: ["ls", "-l", "--tty"] }],
    [["--", "ls", "--", "-l"], { command: ["ls", "--", "-l"] }],
    [["ls", "--", "-l"], { command: ["ls", "--", "-l"] }],
    [["--", "--tty"], { command: ["--tty"] }],
    [["--", "-"], { command: ["-"] }],
    [["--tty", "ls", "--help"], { tty: true, command: ["ls", "--help"] }],
    [["--", ""], { command: [""] }],
    [["--cwd", "exec", "exec"], { cwd: "exec", command: ["exec"] }]
  ])("are flags up to the command, which is taken as it is: %j", (words, expected) => {
    assert.deepStrictEqual(parsed(words), exec(expected))
  })

  it.each<readonly [string, number]>([
    ["500ms", 500],
    ["5s", 5000],
    ["1.5s", 1500],
    ["0s", 0],
    ["2m", 120_000],
    ["1h", 3_600_000],
    ["1d", 86_400_000],
    ["5 seconds", 5000],
    ["1 second", 1000],
    ["100 millis", 100],
    ["0.4ms", 1]
  ])("give a time for --timeout: %s", (text, timeoutMs) => {
    assert.deepStrictEqual(parsed(["--timeout", text, "ls"]), exec({ timeoutMs }))
  })

  it.each([
    "5",
    "s",
    "-5s",
    "5 s s",
    "5x",
    "5S",
    "1e3s",
    "Infinity",
    "Infinity s",
    "9007199254740992ms",
    "5s "
  ])("give no time for --timeout: %j", (text) => {
    assert.strictEqual(
      parsed([`--timeout=${text}`, "ls"]),
      "error: invalid value for '--timeout <TIME>': expected a number and ms, s, m, h or d, such as 500ms or 5s\n\nFor more information, try '--help'."
    )
  })

  it.each(["ws://h:1", "wss://h/path?x=1", "ws+unix:/a b: c", "ws+unix:relative", "ws://[::1]:80"])(
    "name a server: %s",
    (url) => {
      assert.deepStrictEqual(parsed(["--url", url, "ls"]), exec({ url }))
    }
  )

  it.each(["http://h", "ws+unix:", "unix:///a", "127.0.0.1:4500", "ws://h#x", "ws://", "ws://u:secret@h:0x"])(
    "name no server, and what they say is not repeated: %s",
    (url) => {
      assert.strictEqual(
        parsed(["--url", url, "ls"]),
        "error: invalid value for '--url <URL>': expected ws://HOST:PORT, wss://HOST:PORT or ws+unix:PATH\n\nFor more information, try '--help'."
      )
    }
  )

  it("set variables, the last of a name", () => {
    const words = ["--env", "A=1", "--env=B=x=y z", "--env", "C=", "--env", "A=2\n3", "ls"]
    assert.deepStrictEqual(parsed(words), exec({ env: { A: "2\n3", B: "x=y z", C: "" } }))
    for (const wrong of ["SECRET", "=SECRET", ""]) {
      assert.strictEqual(
        parsed([`--env=${wrong}`, "ls"]),
        "error: invalid value for '--env <K=V>': expected NAME=VALUE\n\nFor more information, try '--help'."
      )
    }
  })

  it("take the rest as text", () => {
    assert.deepStrictEqual(
      parsed(["--cwd", "/a b", "--token-file=t", "--tty", "ls"]),
      exec({ cwd: "/a b", tokenFile: "t", tty: true })
    )
  })

  const usage = "\n\nUsage: effect-app-server exec [OPTIONS] [--] COMMAND [ARGUMENT]..."
  const more = "\n\nFor more information, try '--help'."
  it.each<readonly [ReadonlyArray<string>, string]>([
    [[], `error: the following required arguments were not provided:\n  COMMAND${usage}${more}`],
    [["--"], `error: the following required arguments were not provided:\n  COMMAND${usage}${more}`],
    [["--bogus", "ls"], `error: unexpected argument '--bogus' found${usage}${more}`],
    [["-x", "ls"], `error: unexpected argument '-x' found${usage}${more}`],
    [["--token=secret", "ls"], `error: unexpected argument '--token' found${usage}${more}`],
    [["--listen", "ls"], `error: unexpected argument '--listen' found${usage}${more}`],
    [["--tty=1", "ls"], `error: unexpected value '1' for '--tty' found; no more were expected${more}`],
    [["--tty", "--tty", "ls"], `error: the argument '--tty' cannot be used multiple times${usage}${more}`],
    [
      ["--cwd=a", "--cwd=b", "ls"],
      `error: the argument '--cwd <DIR>' cannot be used multiple times${usage}${more}`
    ],
    [["--cwd=", "ls"], `error: a value is required for '--cwd <DIR>' but none was supplied${more}`],
    [["--url", "--tty", "ls"], `error: a value is required for '--url <URL>' but none was supplied${more}`],
    [["--env"], `error: a value is required for '--env <K=V>' but none was supplied${more}`],
    [["--timeout"], `error: a value is required for '--timeout <TIME>' but none was supplied${more}`]
  ])("are wrong: %j", (words, expected) => {
    assert.strictEqual(parsed(words), expected)
  })

  it("ask for help, unless the command is asked", () => {
    for (const words of [["--help"], ["-h"], ["--tty", "-h", "ls"], ["-h", "--bogus"]]) {
      assert.deepStrictEqual(parsed(words), { _tag: "ExecHelp" })
    }
    assert.isBelow(Math.max(...HELP.split("\n").map((line) => line.length)), 121)
  })
})
