/** What `execve(2)` takes as arguments and environment: on a terminal its refusal would come as output. */
import * as fs from "node:fs"
import type { SpawnSpec } from "../services/ProcessSpawner.ts"

/** MAX_ARG_STRLEN of Linux: no string is longer, its NUL included. */
const MAX_STRING_BYTES = 128 * 1024
/** What arguments and environment may take in all: a quarter of the stack, within these bounds. */
const MIN_TOTAL_BYTES = 128 * 1024
const MAX_TOTAL_BYTES = 6 * 1024 * 1024
/** What the kernel keeps besides each string. */
const POINTER_BYTES = 8

const totalBytes = (): number => {
  const stack = /^Max stack size +(\d+)/m.exec(fs.readFileSync("/proc/self/limits", "latin1"))?.[1]
  return Math.max(MIN_TOTAL_BYTES, Math.min(MAX_TOTAL_BYTES, Number(stack ?? Infinity) / 4))
}

/** Whether the kernel would refuse with E2BIG. */
export const exceeded = ({ argv, env }: SpawnSpec): boolean => {
  let total = 0
  for (const text of [...argv, ...Object.entries(env).map((pair) => pair.join("="))]) {
    const bytes = Buffer.byteLength(text) + 1
    if (bytes > MAX_STRING_BYTES) return true
    total += bytes + POINTER_BYTES
  }
  // the limit is looked up only by those who come near it
  return total > MIN_TOTAL_BYTES && process.platform === "linux" && total > totalBytes()
}
