// @ts-check
/** How cost grows, as charts and as tables. */
import { plot } from "./plot.mjs"
import { digits, tableOf } from "./table.mjs"

/** @import { ContenderName, Growth, Point, Series } from "./types.ts" */

/** @type {ReadonlyArray<readonly [ContenderName, Pick<Series, "name" | "color" | "marker">]>} */
const STYLES = [
  ["ours", { name: "effect-app-server", color: "#3b82f6", marker: "circle" }],
  ["codex", { name: "Codex", color: "#ea580c", marker: "square" }],
  ["floor", { name: "floor: bare ws, no Effect", color: "#16a34a", marker: "triangle" }]
]

/**
 * The lines of one figure, one for each contender.
 *
 * @param {ReadonlyArray<Point>} points
 * @param {string} figure
 * @param {boolean} [dashed]
 * @returns {ReadonlyArray<Series>}
 */
const linesOf = (points, figure, dashed = false) =>
  STYLES.flatMap(([contender, style]) => {
    const own = points.filter((point) => point.contender === contender)
    if (own.length === 0) return []
    return [{ ...style, dashed, points: own.map(({ size, figures }) => [size, figures[figure] ?? NaN]) }]
  })

/**
 * The charts by the names of their files.
 *
 * @param {Growth} growth
 * @returns {Record<string, string>}
 */
export const chartsOf = ({ connections, commands }) => ({
  "bench-connections.svg": plot("How cost grows with the number of connections", [
    {
      title: "ms from request to answer: median, and dashed p99",
      x: "open connections",
      series: [...linesOf(connections, "p50"), ...linesOf(connections, "p99", true)]
    },
    { title: "KiB of memory per connection", x: "open connections", series: linesOf(connections, "memory") }
  ]),
  "bench-commands.svg": plot("How speed and waiting grow with the number of commands at once", [
    { title: "/bin/true per second", x: "commands at once", series: linesOf(commands, "speed") },
    { title: "ms from request to answer: p99", x: "commands at once", series: linesOf(commands, "p99") }
  ])
})

/**
 * @param {ReadonlyArray<Point>} points
 * @param {string} title
 * @param {Readonly<Record<string, string>>} columns by the name of a figure
 */
const table = (points, title, columns) =>
  tableOf(
    ["", title, ...Object.values(columns)],
    points.map(({ contender, size, figures }) => [
      contender,
      String(size),
      ...Object.keys(columns).map((figure) => digits(figures[figure] ?? NaN))
    ]),
    1
  )

/**
 * The same as tables.
 *
 * @param {Growth} growth
 */
export const growthTables = ({ connections, commands }) =>
  [
    table(connections, "connections", {
      p50: "ms, median",
      p99: "ms, p99",
      memory: "KiB per connection"
    }),
    table(commands, "commands at once", { speed: "commands/s", p99: "ms, p99" })
  ].join("\n\n")
