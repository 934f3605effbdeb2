/** The benchmark runs, tells what it measured, and leaves nothing behind; what it measured is nobody's business here. */
import * as ChildProcess from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { outputBytes } from "../../bench/client.mjs"
import { processesOf } from "../../bench/proc.mjs"
import type { Row } from "../../bench/types.ts"
import { temporaryDirectory, until } from "../support/harness.ts"

const BENCH = path.resolve(import.meta.dirname, "../../bench/main.mjs")
const RUN_MS = 25_000

const run = (...words: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = ChildProcess.spawn(process.execPath, [BENCH, "--contenders", "ours,floor", ...words], {
        stdio: ["ignore", "pipe", "pipe"]
      })
      const output = { stdout: "", stderr: "", exit: undefined as number | string | undefined }
      child.stdout.on("data", (bytes: Buffer) => (output.stdout += bytes.toString()))
      child.stderr.on("data", (bytes: Buffer) => (output.stderr += bytes.toString()))
      child.on("close", (code, signal) => (output.exit = code ?? signal!))
      return { child, output }
    }),
    ({ child }) => Effect.sync(() => child.kill())
  )

/** What it has running. */
const descendants = (pid: number) => [...processesOf(pid).keys()].filter((each) => each !== pid)
const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe("the benchmark", () => {
  it.live("measures ours beside the floor", () =>
    Effect.gen(function* () {
      const json = path.join(yield* temporaryDirectory, "results.json")
      const { output } = yield* run("--quick", "--only", "rtt", "--rounds", "1", "--json", json)
      yield* until("the end", RUN_MS, () => output.exit)
      assert.strictEqual(output.exit, 0, output.stderr)
      const { rows, machine } = JSON.parse(fs.readFileSync(json, "utf8")) as {
        readonly rows: ReadonlyArray<Row>
        readonly machine: string
      }
      assert.include(machine, `Node ${process.version}`)
      assert.deepStrictEqual(
        rows.map(({ figure, failures }) => [figure, failures]),
        [
          ["speed", {}],
          ["server", {}],
          ["memory", {}]
        ]
      )
      for (const { samples } of rows) assert.hasAllKeys(samples, ["ours", "floor"])
      assert.match(output.stdout, /\| `rtt` +\| requests\/s/)
    })
  )

  it.live("ends all that it started when it is interrupted", () =>
    Effect.gen(function* () {
      const { child, output } = yield* run("--only", "stalled")
      const started = yield* until("a stream", RUN_MS, () => {
        const pids = descendants(child.pid!)
        // the server, its watchdog if it has one, and the command
        const isStreaming = pids.some((pid) => {
          try {
            return fs.readFileSync(`/proc/${pid}/comm`, "utf8") === "head\n"
          } catch {
            return false
          }
        })
        return isStreaming ? pids : undefined
      })
      child.kill("SIGINT")
      yield* until("the end", RUN_MS, () => output.exit)
      assert.strictEqual(output.exit, 1)
      yield* until("the end of all", RUN_MS, () => (started.some(isAlive) ? undefined : true))
    })
  )

  it.live("says what there is not", () =>
    Effect.gen(function* () {
      const { output } = yield* run("--only", "rtt,nonsense")
      yield* until("the end", RUN_MS, () => output.exit)
      assert.strictEqual(output.exit, 1)
      assert.match(output.stderr, /no scenario is called nonsense: rtt, pipelined/)
    })
  )
})

describe("the client of the benchmark", () => {
  it.each([0, 1, 2, 3, 65_536])("counts the bytes in a frame with %d of them", (length) => {
    const deltaBase64 = Buffer.alloc(length).toString("base64")
    const params = { processId: "p", stream: "stdout", deltaBase64, capReached: false }
    const frame = JSON.stringify({ method: "command/exec/outputDelta", params, emittedAtMs: 1 })
    assert.strictEqual(outputBytes(Buffer.from(frame)), length)
  })
})
