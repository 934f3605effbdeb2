/** What a server holds, to compare it with what it held before. Linux only: it reads /proc. */
import * as fs from "node:fs"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { until, type TestServer } from "./harness.ts"
import { childrenOf, statOf } from "./trees.ts"

/** How long the server may take to be as it was: orphans live for a moment, and drains take 2 s. */
const SETTLE_MS = 5000

const statusOf = (pid: number, field: string) =>
  Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))![1])

export const residentBytes = (pid: number) => 1024 * statusOf(pid, "VmRSS")

/** What must not grow. */
export const holdings = ({ pid }: TestServer) => {
  const children = childrenOf(pid)
  return {
    descriptors: fs.readdirSync(`/proc/${pid}/fd`).length,
    threads: statusOf(pid, "Threads"),
    children: children.length,
    zombies: children.filter((child) => statOf(child)?.[0] === "Z").length
  }
}

/** Waits until the server holds what it held before. */
export const holdsOnly = (server: TestServer, before: ReturnType<typeof holdings>) =>
  until("as before", SETTLE_MS, () =>
    JSON.stringify(holdings(server)) === JSON.stringify(before) ? true : undefined
  ).pipe(
    // says what is left over
    Effect.catch(() => Effect.sync(() => assert.deepStrictEqual(holdings(server), before)))
  )

/** What the server holds once it has been the same for a while: longer than any orphan of ours lives. */
export const settled = (server: TestServer) =>
  Effect.suspend(() => {
    let last = ""
    let since = 0
    return until("a server at rest", SETTLE_MS, () => {
      const now = JSON.stringify(holdings(server))
      if (now !== last) since = Date.now()
      last = now
      return Date.now() - since > 500 ? holdings(server) : undefined
    })
  })
