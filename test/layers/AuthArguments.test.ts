import { assert, describe, it } from "@effect/vitest"
import { HELP, parse } from "../../src/layers/cli/Arguments.ts"
import * as AuthArguments from "../../src/layers/cli/AuthArguments.ts"
import { UsageError } from "../../src/layers/cli/Usage.ts"

/** What the flags say, or what is said instead. */
const parsed = (words: ReadonlyArray<string>): Partial<AuthArguments.AuthArguments> | string => {
  try {
    const parsed = parse(words)
    return parsed._tag === "Serve" ? parsed.auth : parsed._tag
  } catch (error) {
    return error instanceof UsageError ? error.message : assert.fail(String(error))
  }
}
const NONE = AuthArguments.parse([])
const help = (problem: string) => `error: ${problem}\n\nFor more information, try '--help'.`
const MODES = "\n  [possible values: capability-token, signed-bearer-token]"

describe("the flags that say who may connect", () => {
  it.each<readonly [ReadonlyArray<string>, Partial<AuthArguments.AuthArguments>]>([
    [[], {}],
    [["--ws-auth", "capability-token"], { mode: "capability-token" }],
    [["--ws-auth=signed-bearer-token"], { mode: "signed-bearer-token" }],
    [["--ws-token-file", "a b"], { tokenFile: "a b" }],
    [["--ws-token-sha256", ""], { tokenSha256: "" }],
    [["--ws-shared-secret-file=s"], { sharedSecretFile: "s" }],
    [["--ws-issuer", "", "--ws-audience", " a "], { issuer: "", audience: " a " }],
    [["--ws-max-clock-skew-seconds", "0"], { maxClockSkewSeconds: 0n }],
    [["--ws-max-clock-skew-seconds", "+05"], { maxClockSkewSeconds: 5n }],
    [["--ws-max-clock-skew-seconds=18446744073709551615"], { maxClockSkewSeconds: 2n ** 64n - 1n }],
    [
      ["--allow-origin", "https://a.example", "--allow-origin=http://localhost:3000"],
      { allowedOrigins: ["https://a.example", "http://localhost:3000"] }
    ]
  ])("are read: %j", (words, expected) => {
    assert.deepStrictEqual(parsed(words), { ...NONE, ...expected })
  })

  it.each([
    [["--ws-auth", "x"], help(`invalid value 'x' for '--ws-auth <MODE>'${MODES}`)],
    [["--ws-auth="], help(`invalid value '' for '--ws-auth <MODE>'${MODES}`)],
    [["--ws-auth"], help(`a value is required for '--ws-auth <MODE>' but none was supplied${MODES}`)],
    [["--ws-token-file"], help("a value is required for '--ws-token-file <PATH>' but none was supplied")],
    [["--ws-token-file="], help("a value is required for '--ws-token-file <PATH>' but none was supplied")],
    [
      ["--ws-shared-secret-file", ""],
      help("a value is required for '--ws-shared-secret-file <PATH>' but none was supplied")
    ],
    [
      ["--ws-issuer", "--listen"],
      help("a value is required for '--ws-issuer <ISSUER>' but none was supplied")
    ],
    ...(
      [
        ["-1", "invalid digit found in string"],
        ["1.5", "invalid digit found in string"],
        ["5s", "invalid digit found in string"],
        ["+", "invalid digit found in string"],
        ["", "cannot parse integer from empty string"],
        ["18446744073709551616", "number too large to fit in target type"]
      ] as const
    ).map(
      ([value, why]) =>
        [
          [`--ws-max-clock-skew-seconds=${value}`],
          help(`invalid value '${value}' for '--ws-max-clock-skew-seconds <SECONDS>': ${why}`)
        ] as const
    ),
    [
      ["--allow-origin", "https://a.example/"],
      help(
        "invalid value 'https://a.example/' for '--allow-origin <ORIGIN>': a browser sends `https://a.example`"
      )
    ]
  ] as const)("are refused: %j", (words, expected) => {
    assert.strictEqual(parsed(words), expected)
  })

  it("may stand once each, but for origins", () => {
    for (const name of AuthArguments.NAMES.filter((name) => name !== "allow-origin")) {
      assert.match(
        String(parsed([`--${name}=capability-token`, `--${name}=capability-token`])),
        new RegExp(`^error: the argument '--${name} <[A-Z]+>' cannot be used multiple times\n\nUsage: `)
      )
    }
  })

  it("are for the server alone", () => {
    assert.include(
      String(parsed(["generate-ts", "--out", "d", "--ws-auth", "capability-token"])),
      "unexpected argument '--ws-auth' found"
    )
  })

  it("are all in the help", () => {
    for (const name of AuthArguments.NAMES) assert.match(HELP, new RegExp(`--${name} <[A-Z]+> +[A-Z]`))
  })
})
