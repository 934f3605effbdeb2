import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as ConfigKeyPath from "../../src/services/ConfigKeyPath.ts"
import { RUNS } from "../support/runs.ts"

const parsed = (keyPath: string): string | ReadonlyArray<string> =>
  Result.match(ConfigKeyPath.parse(keyPath), { onFailure: (problem) => problem, onSuccess: (path) => path })

describe("ConfigKeyPath.parse", () => {
  it.each([
    ["model", ["model"]],
    ["tui.notifications", ["tui", "notifications"]],
    ['projects."/a.b".trust_level', ["projects", "/a.b", "trust_level"]],
    ['"a\\"b"', ['a"b']],
    ['"a\\\\b"', ["a\\b"]],
    ['"a\\u0041"', ["au0041"]],
    ['a."b"c', ["a", "bc"]],
    ["'x.y'.z", ["'x", "y'", "z"]],
    ["a. b", ["a", " b"]],
    ["a\\q", ["a\\q"]]
  ])("splits %j", (keyPath, segments) => {
    assert.deepStrictEqual(parsed(keyPath), segments)
  })

  it.each([
    ["", "keyPath must not be empty"],
    [" ", "keyPath must not be empty"],
    ["a..b", "keyPath segments must not be empty"],
    ["a.", "keyPath segments must not be empty"],
    [".a", "keyPath segments must not be empty"],
    ['"".a', "keyPath segments must not be empty"],
    ['"a', "unterminated quoted keyPath segment"],
    ['a"b', "invalid quoted keyPath segment"],
    ['"a" . "b"', "invalid quoted keyPath segment"]
  ])("refuses %j", (keyPath, problem) => {
    assert.strictEqual(parsed(keyPath), problem)
  })

  it.effect.prop(
    "gives quoted segments back as they are",
    { segments: Schema.NonEmptyArray(Schema.NonEmptyString) },
    ({ segments }) =>
      Effect.sync(() => {
        const quoted = segments.map((segment) => `"${segment.replace(/["\\]/g, "\\$&")}"`)
        assert.deepStrictEqual(parsed(quoted.join(".")), segments)
      }),
    { arbitrary: { runs: RUNS } }
  )
})
