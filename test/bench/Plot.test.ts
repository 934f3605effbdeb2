/** The benchmark's charts. */
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { chartsOf } from "../../bench/charts.mjs"
import { plot, ticks } from "../../bench/plot.mjs"
import type { Series } from "../../bench/types.ts"
import { RUNS } from "../support/runs.ts"

const Value = Schema.Finite.check(Schema.isBetween({ minimum: 1e-6, maximum: 1e9 }))

const series = (points: Series["points"], more: Partial<Series> = {}): Series => ({
  name: "ours",
  color: "#3b82f6",
  marker: "circle",
  points,
  ...more
})
const draw = (...lines: ReadonlyArray<Series>) => plot("a < b", [{ title: "ms", x: "size", series: lines }])
const count = (svg: string, part: string) => svg.split(part).length - 1

describe("the axes of a chart", () => {
  it.each([
    [
      [3, 40],
      [2, 5, 10, 20, 50]
    ],
    [
      [1, 1],
      [1, 2]
    ],
    [
      [0.1, 0.1],
      [0.1, 0.2]
    ],
    [
      [0.03, 0.3],
      [0.02, 0.05, 0.1, 0.2, 0.5]
    ]
  ])("for %j have marks at %j", (values, marks) => {
    assert.deepStrictEqual(ticks(values), marks)
  })

  it.prop(
    "have all values between their first mark and their last, which differ",
    { values: Schema.NonEmptyArray(Value) },
    ({ values }) => {
      const marks = ticks(values)
      assert.isAtLeast(marks.length, 2)
      assert.isAtMost(marks[0]!, Math.min(...values))
      assert.isAtLeast(marks.at(-1)!, Math.max(...values))
    },
    { arbitrary: { runs: RUNS } }
  )
})

describe("a chart", () => {
  it("has a line through all points, and marks at them and in the legend", () => {
    const svg = draw(
      series([
        [1, 1],
        [10, 2],
        [100, 3]
      ])
    )
    const [, path] = /<polyline points="([^"]+)"/.exec(svg)!
    const points = path!.split(" ").map((point) => point.split(",").map(Number))
    assert.strictEqual(points.length, 3)
    assert.closeTo(points[1]![0]! - points[0]![0]!, points[2]![0]! - points[1]![0]!, 0.2)
    assert.isBelow(points[2]![1]!, points[0]![1]!)
    assert.strictEqual(count(svg, "<circle"), 4)
  })

  it("leaves out what a logarithm does not have", () => {
    const svg = draw(
      series([
        [1, -4],
        [10, 0],
        [100, 3],
        [1000, NaN]
      ])
    )
    assert.strictEqual(count(svg, "<circle"), 2)
    assert.notInclude(svg, "NaN")
  })

  it("names a dashed line once, with the one that is not", () => {
    const svg = draw(series([[1, 1]]), series([[1, 2]], { dashed: true }))
    assert.strictEqual(count(svg, ">ours<"), 1)
    assert.strictEqual(count(svg, "stroke-dasharray"), 1)
  })

  it("escapes its words", () => {
    assert.include(draw(series([[1, 1]])), "<title>a &lt; b</title>")
  })

  it("is drawn without those who were not measured", () => {
    const point = { contender: "ours", size: 1, figures: { p50: 1, p99: 2, memory: 3, speed: 4 } } as const
    const charts = Object.values(chartsOf({ connections: [point], commands: [] }))
    assert.include(charts[0], ">effect-app-server<")
    for (const svg of charts) assert.notInclude(svg, "Codex")
  })
})
