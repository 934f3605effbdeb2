import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import {
  CORE_VARIABLES,
  defaultPolicy,
  matcher,
  shellEnvironment,
  type ShellEnvironmentPolicy
} from "../../src/services/ShellEnvironment.ts"
import { RUNS } from "../support/runs.ts"

const shaped = (policy: Partial<ShellEnvironmentPolicy>, env: Record<string, string | undefined>) =>
  shellEnvironment({ ...defaultPolicy, ...policy }, env)

/** A matcher that is plainly right, if slow. */
const matches = (pattern: ReadonlyArray<string>, name: ReadonlyArray<string>): boolean => {
  const [first, ...rest] = pattern
  if (first === undefined) return name.length === 0
  if (first === "*") return matches(rest, name) || (name.length > 0 && matches(pattern, name.slice(1)))
  if (name.length === 0) return false
  return (first === "?" || first.toLowerCase() === name[0]!.toLowerCase()) && matches(rest, name.slice(1))
}

const Pattern = Schema.Array(
  Schema.Literals(["a", "B", "b", "_", "*", "?", ".", "[", "]", "\\", "é", "😀"])
).check(Schema.isMaxLength(7))
const Name = Schema.Array(
  Schema.Literals(["a", "A", "b", "_", "*", ".", "[", "]", "\\", "\n", "É", "😀"])
).check(Schema.isMaxLength(9))
const Variables = Schema.Record(
  Schema.Literals(["HOME", "PATH", "API_KEY", "my_token", "A", "B1"]),
  Schema.String
)
const Patterns = Schema.Array(Schema.Literals(["*", "A*", "?1", "home", "*_*"])).check(Schema.isMaxLength(3))
const Policy = Schema.Struct({
  inherit: Schema.Literals(["all", "core", "none"]),
  ignoreDefaultExcludes: Schema.Boolean,
  exclude: Patterns,
  set: Variables,
  includeOnly: Patterns
})

describe("ShellEnvironment", () => {
  it("passes everything by default, secrets included, and leaves out what is undefined", () => {
    assert.deepStrictEqual(shaped({}, { A: "1", API_KEY: "k", EMPTY: "", GONE: undefined }), {
      A: "1",
      API_KEY: "k",
      EMPTY: ""
    })
  })

  it("inherits only core variables, by their exact names, or nothing", () => {
    const env = { PATH: "/bin", Path: "x", HOME: "/h", LC_CTYPE: "C", LC_TIME: "C", DROPME: "1" }
    assert.deepStrictEqual(shaped({ inherit: "core" }, env), { PATH: "/bin", HOME: "/h", LC_CTYPE: "C" })
    assert.deepStrictEqual(shaped({ inherit: "none" }, env), {})
  })

  it("drops names that look like secrets only when asked to", () => {
    const env = { API_KEY: "1", monkey: "2", A_secret: "3", Tokens: "4", PLAIN: "5" }
    assert.deepStrictEqual(shaped({ ignoreDefaultExcludes: false }, env), { PLAIN: "5" })
  })

  it("adds what is set after it has excluded, so that a set name survives", () => {
    assert.deepStrictEqual(shaped({ exclude: ["a*"], set: { AB: "set" } }, { AB: "1", AC: "2", B: "3" }), {
      AB: "set",
      B: "3"
    })
  })

  it("keeps only included names, those from `set` as well", () => {
    assert.deepStrictEqual(shaped({ includeOnly: ["?a*"], set: { XAB: "1", Y: "2" } }, { zA: "3", A: "4" }), {
      XAB: "1",
      zA: "3"
    })
  })

  it("knows * and ? but no brackets", () => {
    const env = { A1: "", A2: "", "A[12]": "" }
    assert.deepStrictEqual(shaped({ exclude: ["a[12]"] }, env), { A1: "", A2: "" })
  })

  it("treats __proto__ as a name like any other", () => {
    const odd = JSON.parse('{"__proto__":"x","constructor":"y"}') as Record<string, string>
    const result = shaped({ set: odd }, odd)
    assert.deepStrictEqual(Object.entries(result), [
      ["__proto__", "x"],
      ["constructor", "y"]
    ])
    assert.strictEqual(Object.getPrototypeOf(result), Object.prototype)
  })

  it.effect.prop(
    "matches as the plain definition of the wildcards does",
    { pattern: Pattern, name: Name },
    ({ name, pattern }) =>
      Effect.sync(() =>
        assert.strictEqual(matcher([pattern.join("")])(name.join("")), matches(pattern, name))
      ),
    { arbitrary: { runs: RUNS } }
  )

  it.effect.prop(
    "takes each variable from `set` or unchanged from the environment, and each only if it may pass",
    { policy: Policy, env: Variables },
    ({ env, policy }) =>
      Effect.sync(() => {
        const result = shellEnvironment(policy, env)
        const excluded = matcher(policy.exclude)
        const secret = matcher(["*key*", "*secret*", "*token*"])
        for (const name of new Set([...Object.keys(env), ...Object.keys(policy.set)])) {
          const own = policy.set as Record<string, string>
          const inherits =
            Object.hasOwn(env, name) &&
            (policy.inherit === "all" || (policy.inherit === "core" && CORE_VARIABLES.has(name))) &&
            (policy.ignoreDefaultExcludes || !secret(name)) &&
            !excluded(name)
          const included = policy.includeOnly.length === 0 || matcher(policy.includeOnly)(name)
          const expected = own[name] ?? (inherits ? (env as Record<string, string>)[name] : undefined)
          assert.strictEqual(result[name], included ? expected : undefined)
        }
      }),
    { arbitrary: { runs: RUNS } }
  )
})
