// @ts-check
/** Medians and quantiles of what was measured. */

/** @import { ContenderName, Row } from "./types.ts" */

/**
 * The smallest of the numbers that so many of them do not exceed; NaN of none.
 *
 * @param {ReadonlyArray<number>} numbers
 * @param {number} share
 */
export const quantile = (numbers, share) => {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN
}

/** @param {ReadonlyArray<number>} numbers */
export const median = (numbers) => {
  const lower = quantile(numbers, 0.5)
  return numbers.length % 2 === 1
    ? lower
    : (lower +
        -quantile(
          numbers.map((x) => -x),
          0.5
        )) /
        2
}

/**
 * How much better we are than another: the median of the ratios of what was measured side by side, so that it does not
 * matter whether the machine was slower in one round than in another. More is always better; undefined without a pair.
 *
 * @param {Row} row
 * @param {ContenderName} other
 */
export const advantage = (row, other) => {
  const ours = row.samples.ours ?? []
  const theirs = row.samples[other] ?? []
  const ratios = ours
    .slice(0, theirs.length)
    .map((figure, round) => {
      const other = theirs[round] ?? NaN
      return row.less === true ? other / figure : figure / other
    })
    .filter(Number.isFinite)
  return ratios.length === 0 ? undefined : median(ratios)
}
