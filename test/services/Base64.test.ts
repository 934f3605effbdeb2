import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { decode } from "../../src/services/Base64.ts"
import { RUNS } from "../support/runs.ts"

const Bytes = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })))

/** The bytes, or the problem. */
const decoded = (text: string): ReadonlyArray<number> | string =>
  Result.match(decode(text), { onSuccess: (bytes) => [...bytes], onFailure: String })

describe("Base64", () => {
  it.prop(
    "gives back any bytes that were encoded",
    [Bytes],
    ([bytes]) => assert.deepStrictEqual(decoded(Buffer.from(bytes).toString("base64")), bytes),
    { arbitrary: { runs: RUNS } }
  )

  it.prop(
    "takes only what an encoder would have written, and says what is wrong with the rest",
    [
      Schema.Array(
        Schema.Literals(["A", "B", "Q", "g", "/", "+", "=", "==", "-", "_", " ", "\n", "!", "é", "😀"])
      )
    ],
    ([pieces]) => {
      const text = pieces.join("")
      const result = decode(text)
      if (Result.isSuccess(result)) {
        assert.match(text, /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/)
        assert.strictEqual(Buffer.from(result.success).toString("base64"), text)
      } else {
        assert.match(
          result.failure,
          /^(?:Invalid padding|Invalid input length: \d+|Invalid (?:last )?symbol \d+, offset \d+\.)$/
        )
      }
    },
    { arbitrary: { runs: RUNS } }
  )

  it.each<readonly [string, ReadonlyArray<number>]>([
    ["", []],
    ["AA==", [0]],
    ["AAA=", [0, 0]],
    ["AAAA", [0, 0, 0]],
    ["+/+/", [251, 255, 191]],
    ["aGk=", [104, 105]]
  ])("decodes %j", (text, bytes) => {
    assert.deepStrictEqual(decoded(text), bytes)
  })

  it.each([
    ["A", "Invalid input length: 1"],
    ["AAAAA", "Invalid input length: 5"],
    ["A".repeat(33), "Invalid input length: 33"],
    ["AA", "Invalid padding"],
    ["AA=", "Invalid padding"],
    ["AAA", "Invalid padding"],
    ["AAB", "Invalid padding"],
    ["AAAAAA=", "Invalid padding"],
    ["AB==", "Invalid last symbol 66, offset 1."],
    ["AAB=", "Invalid last symbol 66, offset 2."],
    ["AAAAAR==", "Invalid last symbol 82, offset 5."],
    ["=", "Invalid symbol 61, offset 0."],
    ["==", "Invalid symbol 61, offset 0."],
    ["===", "Invalid symbol 61, offset 0."],
    ["====", "Invalid symbol 61, offset 0."],
    ["=AAA", "Invalid symbol 61, offset 0."],
    ["A=", "Invalid symbol 61, offset 1."],
    ["A==", "Invalid symbol 61, offset 1."],
    ["A===", "Invalid symbol 61, offset 1."],
    ["A=A", "Invalid symbol 61, offset 1."],
    ["A=AA", "Invalid symbol 61, offset 1."],
    ["AA=A", "Invalid symbol 61, offset 2."],
    ["AA=!", "Invalid symbol 61, offset 2."],
    ["AAA==", "Invalid symbol 61, offset 3."],
    ["AAAA=", "Invalid symbol 61, offset 4."],
    ["AAAA==", "Invalid symbol 61, offset 4."],
    ["AAAA====", "Invalid symbol 61, offset 4."],
    ["AA==AAAA", "Invalid symbol 61, offset 2."],
    ["AA==AA==", "Invalid symbol 61, offset 2."],
    [`${"A".repeat(82)}=AAAAA`, "Invalid symbol 61, offset 82."],
    ["=\n", "Invalid symbol 61, offset 0."],
    ["!", "Invalid symbol 33, offset 0."],
    ["!!!!", "Invalid symbol 33, offset 0."],
    ["AA!A", "Invalid symbol 33, offset 2."],
    ["AAAAA!", "Invalid symbol 33, offset 5."],
    ["AAAAAA!=", "Invalid symbol 33, offset 6."],
    ["-_AA", "Invalid symbol 45, offset 0."],
    ["A-", "Invalid symbol 45, offset 1."],
    ["AA AA", "Invalid symbol 32, offset 2."],
    ["\n", "Invalid symbol 10, offset 0."],
    ["AAAA\n", "Invalid symbol 10, offset 4."],
    ["é", "Invalid symbol 195, offset 0."]
  ])("says of %j: %s", (text, problem) => {
    assert.strictEqual(decoded(text), problem)
  })

  it.each([
    ["AAAé", "Invalid symbol 169, offset 4."],
    ["A😀", "Invalid symbol 128, offset 4."],
    ["AR==!", "Invalid symbol 33, offset 4."],
    ["A!AA\n", "Invalid symbol 10, offset 4."],
    ["AAA!AAAA\n", "Invalid symbol 10, offset 8."]
  ])("names the last byte of %j first, for it stands alone: %s", (text, problem) => {
    assert.strictEqual(decoded(text), problem)
  })
})
