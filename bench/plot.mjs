// @ts-check
/** Line charts as SVG, with logarithmic axes, in colours that can be read on white and on black. */

/** @import { Panel, Series } from "./types.ts" */

const PANEL = { width: 400, height: 300, left: 58, right: 14, top: 62, bottom: 44 }
const LEGEND_HEIGHT = 30
const TITLE_HEIGHT = 30
/** A grey with about the same contrast to white and to black. */
const INK = "#7d8590"
const MARKER = 3.5

/** @param {string} text */
const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;")

/** @param {number} value */
const short = (value) => Number(value.toFixed(1))

/** @type {(x: number, y: number, content: string, attributes?: string) => string} */
const text = (x, y, content, attributes = "") =>
  `<text x="${short(x)}" y="${short(y)}" ${attributes}>${escape(content)}</text>`

/**
 * The numbers 1, 2 and 5 times a power of ten from the one at or below the least to the one at or above the most.
 *
 * @param {ReadonlyArray<number>} values all above 0
 */
export const ticks = (values) => {
  const least = Math.min(...values)
  const most = Math.max(...values)
  const steps = []
  // one power more on both sides: logarithms are rounded
  for (let power = Math.floor(Math.log10(least)) - 1; power <= Math.ceil(Math.log10(most)) + 1; power++) {
    for (const step of [1, 2, 5]) steps.push(Number(`${step}e${power}`))
  }
  const first = steps.findLastIndex((step) => step <= least)
  const last = steps.findIndex((step) => step >= most)
  return steps.slice(first, Math.max(last, first + 1) + 1)
}

/**
 * Where on a logarithmic axis a value is.
 *
 * @param {ReadonlyArray<number>} marks
 * @param {number} from
 * @param {number} to
 */
const scaleOf = (marks, from, to) => {
  const low = Math.log(/** @type {number} */ (marks[0]))
  const high = Math.log(/** @type {number} */ (marks.at(-1)))
  return (/** @type {number} */ value) => from + ((Math.log(value) - low) / (high - low)) * (to - from)
}

/**
 * @param {Series["marker"]} marker
 * @param {number} x
 * @param {number} y
 * @param {string} color
 */
const markerAt = (marker, x, y, color) => {
  const r = MARKER
  const fill = `fill="${color}"`
  if (marker === "circle") return `<circle cx="${short(x)}" cy="${short(y)}" r="${r}" ${fill}/>`
  if (marker === "square") {
    return `<rect x="${short(x - r)}" y="${short(y - r)}" width="${2 * r}" height="${2 * r}" ${fill}/>`
  }
  const corners = [x, y - r * 1.2, x + r * 1.2, y + r, x - r * 1.2, y + r].map(short)
  return `<polygon points="${corners.join(" ")}" ${fill}/>`
}

/** @type {(series: Series, points: ReadonlyArray<readonly [x: number, y: number]>) => string} */
const line = ({ color, dashed, marker }, points) => {
  const path = points.map((point) => point.map(short).join(",")).join(" ")
  const dash = dashed === true ? ' stroke-dasharray="5 4"' : ""
  return [
    `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"${dash}/>`,
    ...points.map(([x, y]) => markerAt(marker, x, y, color))
  ].join("")
}

/** More labels would run into each other. */
const MAX_LABELS = 9

/** @type {(panel: Panel, left: number, top: number) => string} */
const drawPanel = ({ title, x, series }, left, top) => {
  // what is not above 0 has no place on a logarithmic axis
  const lines = series.map((each) => ({ ...each, points: each.points.filter(([x, y]) => x > 0 && y > 0) }))
  const points = lines.flatMap(({ points }) => points)
  if (points.length === 0) return ""
  const xs = [...new Set(points.map(([x]) => x))].sort((a, b) => a - b)
  const ys = ticks(points.map(([, y]) => y))
  const box = {
    left: left + PANEL.left,
    right: left + PANEL.width - PANEL.right,
    top: top + PANEL.top - TITLE_HEIGHT,
    bottom: top + PANEL.height - PANEL.bottom
  }
  const xAt = xs.length > 1 ? scaleOf(xs, box.left + 10, box.right - 10) : () => (box.left + box.right) / 2
  const yAt = scaleOf(ys, box.bottom, box.top)
  const isLabelled = (/** @type {number} */ value) =>
    ys.length <= MAX_LABELS || Number.isInteger(Math.round(Math.log10(value) * 1e9) / 1e9)
  return [
    text(box.left, top + 18, title, 'font-weight="600"'),
    ...ys.map((value) => {
      const y = short(yAt(value))
      const faint = isLabelled(value) ? 0.35 : 0.15
      const grid = `<line x1="${box.left}" x2="${box.right}" y1="${y}" y2="${y}" stroke="${INK}" stroke-opacity="${faint}"/>`
      return isLabelled(value)
        ? grid +
            text(
              box.left - 8,
              y + 4,
              value.toLocaleString("en-US", { maximumFractionDigits: 6 }),
              'text-anchor="end"'
            )
        : grid
    }),
    ...xs.map((value) => {
      const at = short(xAt(value))
      const mark = `<line x1="${at}" x2="${at}" y1="${box.bottom}" y2="${box.bottom + 4}" stroke="${INK}"/>`
      return mark + text(at, box.bottom + 18, value.toLocaleString("en-US"), 'text-anchor="middle"')
    }),
    text((box.left + box.right) / 2, box.bottom + 36, x, 'text-anchor="middle"'),
    ...lines.map((each) =>
      line(
        each,
        each.points.map(([x, y]) => [xAt(x), yAt(y)])
      )
    )
  ].join("\n")
}

const LEGEND_ITEM = { line: 24, gap: 20, character: 6.6 }

/** @type {(series: ReadonlyArray<Series>, y: number) => string} */
const drawLegend = (series, y) => {
  let x = 14
  return series
    .map((each) => {
      const start = x
      const end = start + LEGEND_ITEM.line
      x = end + 6 + each.name.length * LEGEND_ITEM.character + LEGEND_ITEM.gap
      const middle = markerAt(each.marker, (start + end) / 2, y, each.color)
      const sample = `<line x1="${short(start)}" x2="${short(end)}" y1="${y}" y2="${y}" stroke="${each.color}" stroke-width="2"/>`
      return sample + middle + text(end + 6, y + 4, each.name)
    })
    .join("\n")
}

/**
 * Panels side by side, with one legend for all of them.
 *
 * @param {string} title for those who cannot see it
 * @param {ReadonlyArray<Panel>} panels
 */
export const plot = (title, panels) => {
  const width = panels.length * PANEL.width
  const height = LEGEND_HEIGHT + PANEL.height
  // a dashed line is another figure of a name that has a line already
  const named = panels.flatMap(({ series }) => series).filter(({ dashed }) => dashed !== true)
  const legend = new Map(named.map((each) => [each.name, each]))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}" font-family="system-ui, sans-serif" font-size="12" fill="${INK}">
<title>${escape(title)}</title>
${drawLegend([...legend.values()], LEGEND_HEIGHT / 2)}
${panels.map((panel, i) => drawPanel(panel, i * PANEL.width, LEGEND_HEIGHT)).join("\n")}
</svg>
`
}
