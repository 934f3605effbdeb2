// @ts-check
/** The results as Markdown. */
import { advantage, median } from "./statistics.mjs"

/** @import { ContenderName, Row } from "./types.ts" */

const BEGIN = "<!-- bench:begin -->"
const END = "<!-- bench:end -->"
const NONE = "–"

/**
 * A number with three digits that count, or all before the point.
 *
 * @param {number} value
 */
export const digits = (value) => {
  if (!Number.isFinite(value)) return NONE
  const size = Math.abs(value)
  const decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.095 ? 2 : 3
  return value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
}

/**
 * A table whose first `left` columns are text and the rest numbers, padded as prettier does it.
 *
 * @param {ReadonlyArray<string>} head
 * @param {ReadonlyArray<ReadonlyArray<string>>} rows
 * @param {number} left
 */
export const tableOf = (head, rows, left) => {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0))
  )
  /** @type {(cells: ReadonlyArray<string>) => string} */
  const line = (cells) =>
    `| ${widths.map((width, i) => (i < left ? (cells[i] ?? "").padEnd(width) : (cells[i] ?? "").padStart(width))).join(" | ")} |`
  const rule = widths.map((width, i) => (i < left ? "-".repeat(width) : `${"-".repeat(width - 1)}:`))
  return [line(head), line(rule), ...rows.map(line)].join("\n")
}

/**
 * @param {Row} row
 * @param {ContenderName} name
 */
const figure = (row, name) => {
  if (row.failures[name] !== undefined) return "failed"
  const samples = row.samples[name]
  return samples === undefined ? NONE : digits(median(samples))
}

/**
 * @param {Row} row
 * @param {ContenderName} other
 */
const ratio = (row, other) => {
  const value = advantage(row, other)
  return value === undefined ? NONE : `${digits(value)}×`
}

/**
 * @param {ReadonlyArray<Row>} rows
 */
const results = (rows) => {
  let last = ""
  return tableOf(
    ["", "", "ours", "Codex", "floor", "to Codex", "to the floor"],
    rows.map((row) => {
      const name = row.scenario === last ? "" : `\`${row.scenario}\``
      last = row.scenario
      const what = row.rival === "npm" ? `${row.what}; Codex by its npm launcher` : row.what
      const { rival } = row
      const figures = [figure(row, "ours"), figure(row, rival), figure(row, "floor")]
      return [name, what, ...figures, ratio(row, rival), ratio(row, "floor")]
    }),
    2
  )
}

/** @param {ReadonlyArray<Row>} rows */
const failures = (rows) => {
  const lines = rows.flatMap((row) =>
    Object.entries(row.failures).map(
      ([name, message]) => `- \`${row.scenario}\` failed for ${name}: ${message}`
    )
  )
  return [...new Set(lines)].join("\n")
}

/** @param {ReadonlyArray<string>} parts */
const paragraphs = (parts) => parts.filter((part) => part !== "").join("\n\n")

/**
 * What was measured, what failed, and where.
 *
 * @param {ReadonlyArray<Row>} rows
 * @param {string} machine
 */
export const summary = (rows, machine) =>
  paragraphs([machine, results(rows.filter(({ cost }) => cost !== true)), failures(rows)])

/**
 * The same, and what it cost.
 *
 * @param {ReadonlyArray<Row>} rows
 * @param {string} machine
 */
export const markdown = (rows, machine) => {
  const costs = rows.filter(({ cost }) => cost === true)
  return paragraphs([summary(rows, machine), costs.length === 0 ? "" : `What it cost:\n\n${results(costs)}`])
}

/**
 * Puts text between the markers of a document.
 *
 * @param {string} document
 * @param {string} text
 */
export const insert = (document, text) => {
  const begin = document.indexOf(BEGIN)
  const end = document.indexOf(END, begin)
  if (begin < 0 || end < 0) throw new Error(`there are no lines ${BEGIN} and ${END} to put the table between`)
  return `${document.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${document.slice(end)}`
}
