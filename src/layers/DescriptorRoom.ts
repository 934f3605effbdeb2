/** Whether descriptors are left, for those who would otherwise not learn that they have run out, or too late. */
import * as fs from "node:fs"

/** Throws the system's error when `count` more cannot be opened. */
export const check = (count: number): void => {
  const opened: Array<number> = []
  try {
    while (opened.length < count) opened.push(fs.openSync("/dev/null", "r"))
  } finally {
    for (const fd of opened) fs.closeSync(fd)
  }
}
