/** Processes that are found by a word of their command line, wherever they moved to. */
import * as fs from "node:fs"
import { until } from "./harness.ts"

let markers = 0
/** A word that no other process has: seconds, for `sleep`. */
export const marker = (): string => `61${process.pid}.${++markers}`

const pidsOf = (marker: string) =>
  fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0").includes(marker)
      } catch {
        return false
      }
    })

/** Waits until there is none. */
export const none = (marker: string) =>
  until(`the end of ${marker}`, 2000, () => (pidsOf(marker).length === 0 ? true : undefined))

/** Waits until there are so many. */
export const some = (marker: string, count: number) =>
  until(`${count} of ${marker}`, 5000, () => (pidsOf(marker).length === count ? true : undefined))
