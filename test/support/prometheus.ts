/** Prometheus's text format, version 0.0.4, read strictly: what is not exactly so throws. */

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}
export interface Family {
  readonly type: string
  readonly help: string
  readonly samples: ReadonlyArray<Sample>
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*"
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"/y
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`)
const VALUE = /^(?:NaN|[+-]Inf|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/
const TYPES = new Set(["counter", "gauge", "histogram"])

const check = (right: boolean, problem: string): void => {
  if (!right) throw new Error(problem)
}

const unescaped = (text: string) => text.replaceAll(/\\(.)/g, (_, c: string) => (c === "n" ? "\n" : c))

const labelsOf = (text: string, line: string): Record<string, string> => {
  const labels: Record<string, string> = {}
  for (let at = 0; at < text.length;) {
    LABEL.lastIndex = at
    const found = LABEL.exec(text)
    check(found !== null, `a label: ${line}`)
    const [whole, name, value] = found!
    check(!Object.hasOwn(labels, name!), `a label twice: ${line}`)
    labels[name!] = unescaped(value!)
    at += whole.length
    if (at === text.length) break
    check(text[at] === "," && at + 1 < text.length, `what stands between labels: ${line}`)
    at++
  }
  return labels
}

const valueOf = (text: string, line: string): number => {
  check(VALUE.test(text), `a value: ${line}`)
  return Number(text.replace("Inf", "Infinity"))
}

/** All families of a page, by name. */
export const parse = (page: string): Map<string, Family> => {
  check(page === "" || page.endsWith("\n"), "the last line has no end")
  const families = new Map<string, Family & { readonly samples: Array<Sample> }>()
  let help: { readonly name: string; readonly text: string } | undefined
  let current: string | undefined
  for (const line of page.split("\n").slice(0, -1)) {
    const comment = new RegExp(`^# (HELP|TYPE) (${NAME}) (.*)$`).exec(line)
    if (comment !== null) {
      const [, what, name, text] = comment as unknown as [string, string, string, string]
      if (what === "HELP") {
        check(help === undefined && !/\\[^\\n]|\\$/.test(text.replaceAll("\\\\", "")), `HELP: ${line}`)
        help = { name, text: unescaped(text) }
      } else {
        check(help?.name === name, `TYPE without its HELP: ${line}`)
        check(TYPES.has(text), `a type: ${line}`)
        check(!families.has(name), `a family twice: ${line}`)
        families.set(name, { type: text, help: help!.text, samples: [] })
        current = name
        help = undefined
      }
      continue
    }
    const sample = SAMPLE.exec(line)
    check(sample !== null && help === undefined && current !== undefined, `a line: ${line}`)
    const [, name, labels = "", value] = sample as unknown as [string, string, string | undefined, string]
    const family = families.get(current!)!
    const suffixes = family.type === "histogram" ? ["_bucket", "_sum", "_count"] : [""]
    check(
      suffixes.some((suffix) => name === current + suffix),
      `another family's: ${line}`
    )
    family.samples.push({ name, labels: labelsOf(labels, line), value: valueOf(value, line) })
  }
  for (const [name, family] of families) judge(name, family)
  return families
}

const judge = (family: string, { samples, type }: Family): void => {
  const keyOf = ({ labels, name }: Sample) =>
    JSON.stringify([name, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))])
  check(new Set(samples.map(keyOf)).size === samples.length, `${family} has a series twice`)
  if (type === "counter") {
    check(
      samples.every(({ value }) => value >= 0),
      `${family} counts below 0`
    )
  }
  if (type !== "histogram") return
  const histograms = new Map<string, Array<Sample>>()
  for (const sample of samples) {
    const { le: _, ...labels } = sample.labels
    const key = JSON.stringify(labels)
    histograms.set(key, [...(histograms.get(key) ?? []), sample])
  }
  for (const [labels, all] of histograms) {
    const of = (suffix: string) => all.filter(({ name }) => name === family + suffix)
    const bounds = of("_bucket").map((bucket) => valueOf(bucket.labels["le"]!, labels))
    const counts = of("_bucket").map(({ value }) => value)
    check(bounds.at(-1) === Infinity, `${family}${labels} has no +Inf at its end`)
    check(
      bounds.every((bound, i) => i === 0 || bound > bounds[i - 1]!),
      `${family}${labels} has bounds out of order`
    )
    check(
      counts.every((count, i) => i === 0 || count >= counts[i - 1]!),
      `${family}${labels} is not cumulative`
    )
    check(of("_count").length === 1 && of("_count")[0]!.value === counts.at(-1), `${family}${labels} _count`)
    check(of("_sum").length === 1, `${family}${labels} _sum`)
  }
}

/** The value of the one sample of this name that has these labels. */
export const valueIn = (
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {}
): number | undefined => {
  for (const { samples } of families.values()) {
    const found = samples.find(
      (sample) =>
        sample.name === name &&
        Object.keys(sample.labels).length === Object.keys(labels).length &&
        Object.entries(labels).every(([key, value]) => sample.labels[key] === value)
    )
    if (found !== undefined) return found.value
  }
  return undefined
}
