/** The benchmark's figures and how they are told. */
import { assert, describe, it } from "@effect/vitest"
import { advantage, median, quantile } from "../../bench/statistics.mjs"
import { digits, insert, markdown, tableOf } from "../../bench/table.mjs"
import type { Row } from "../../bench/types.ts"

const row = (fields: Partial<Row>): Row => ({
  scenario: "rtt",
  figure: "speed",
  what: "requests/s",
  rival: "codex",
  samples: {},
  failures: {},
  ...fields
})

describe("the figures of the benchmark", () => {
  it("are medians, of two in the middle their mean", () => {
    assert.strictEqual(median([3, 1, 2]), 2)
    assert.strictEqual(median([4, 1, 3, 2]), 2.5)
    assert.isNaN(median([]))
  })

  it("are the smallest that so many do not exceed", () => {
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i)
    assert.deepStrictEqual(
      [0, 0.5, 0.99, 1].map((share) => quantile(hundred, share)),
      [1, 50, 99, 100]
    )
  })

  it("are compared pair by pair, and more is better", () => {
    // a machine that was ten times slower in the second round
    const samples = { ours: [200, 20, 220], codex: [100, 10, 100] }
    assert.strictEqual(advantage(row({ samples }), "codex"), 2)
    assert.strictEqual(advantage(row({ samples, less: true }), "codex"), 0.5)
    assert.isUndefined(advantage(row({ samples }), "floor"))
  })
})

describe("the table of the benchmark", () => {
  it.each([
    [12_345.6, "12,346"],
    [99.96, "100"],
    [12.34, "12.3"],
    [1.234, "1.23"],
    [0.0451, "0.045"],
    [NaN, "–"]
  ])("tells %d as %s", (value, text) => {
    assert.strictEqual(digits(value), text)
  })

  it("is padded", () => {
    assert.strictEqual(
      tableOf(
        ["", "ours"],
        [
          ["`rtt`", "1,000"],
          ["", "2"]
        ],
        1
      ),
      ["|       |  ours |", "| ----- | ----: |", "| `rtt` | 1,000 |", "|       |     2 |"].join("\n")
    )
  })

  it("has a row for what failed, what was not measured, and what is a cost", () => {
    const rows = [
      row({ samples: { ours: [300], floor: [600] }, failures: { codex: "not done after 120 s" } }),
      row({
        figure: "server",
        what: "µs of CPU",
        less: true,
        cost: true,
        samples: { ours: [50], codex: [100] }
      })
    ]
    const lines = markdown(rows, "a machine; 1 round")
      .split("\n")
      .map((line) => line.replaceAll(/ +/g, " "))
    assert.strictEqual(lines[0], "a machine; 1 round")
    assert.include(lines, "| `rtt` | requests/s | 300 | failed | 600 | – | 0.50× |")
    assert.include(lines, "| `rtt` | µs of CPU | 50.0 | 100 | – | 2.00× | – |")
    assert.include(lines, "- `rtt` failed for codex: not done after 120 s")
  })

  it("stands between the markers of a document and leaves the rest of it", () => {
    const document = "# a\n\n<!-- bench:begin -->\n\nold\n\n<!-- bench:end -->\n\n# b\n"
    const inserted = insert(document, "new")
    assert.strictEqual(inserted, document.replace("old", "new"))
    assert.strictEqual(insert(inserted, "new"), inserted)
    assert.throws(() => insert("# a\n", "new"), /<!-- bench:begin -->/)
  })
})
