/** Signals to a program of our own, whose cleaning takes as long as it is told. */
import * as ChildProcess from "node:child_process"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as esbuild from "esbuild"
import { temporaryDirectory, until } from "../support/harness.ts"

const PROGRAM = `
import * as Effect from "effect/Effect"
import { runMain } from "./src/layers/cli/RunMain.ts"

const [normal, cleaning] = process.argv.slice(2)
const clean = Effect.suspend(() => {
  console.log("cleaning")
  return Effect.sleep(cleaning)
})
const work = cleaning === "none" ? Effect.void : Effect.never.pipe(Effect.ensuring(clean))
const up = Effect.sync(() => console.log("up"))
// what nobody waits for must not hold it
setInterval(() => {}, 1000)
runMain(new Set(normal.split(",")))(Effect.andThen(up, work), {
  disableErrorReporting: true,
  teardown: (_exit, onExit) => onExit(0)
})
`

const program = Effect.gen(function* () {
  const directory = yield* temporaryDirectory
  const file = path.join(directory, "program.mjs")
  yield* Effect.promise(() =>
    esbuild.build({
      stdin: { contents: PROGRAM, resolveDir: path.resolve(import.meta.dirname, "../..") },
      outfile: file,
      bundle: true,
      platform: "node",
      format: "esm"
    })
  )
  return (normal: string, cleaning: string) =>
    Effect.gen(function* () {
      const child = yield* Effect.acquireRelease(
        Effect.sync(() =>
          ChildProcess.spawn(process.execPath, [file, normal, cleaning], {
            stdio: ["ignore", "pipe", "inherit"]
          })
        ),
        (child) => Effect.sync(() => child.kill("SIGKILL"))
      )
      let said = ""
      let end: number | NodeJS.Signals | undefined
      child.stdout.on("data", (bytes: Buffer) => (said += bytes.toString()))
      child.on("exit", (code, signal) => (end = signal ?? code!))
      const says = (word: string) => until(word, 5000, () => (said.includes(word) ? true : undefined))
      yield* says("up")
      return {
        says,
        kill: (signal: NodeJS.Signals) => child.kill(signal),
        end: until("the end", 5000, () => end)
      }
    })
})

describe("runMain", () => {
  it.live("cleans up after a signal, and then ends with 0, or as if by it", () =>
    Effect.gen(function* () {
      const start = yield* program
      for (const [signal, normal, expected] of [
        ["SIGTERM", "SIGTERM", 0],
        ["SIGHUP", "SIGTERM,SIGHUP", 0],
        ["SIGHUP", "SIGTERM", "SIGHUP"],
        ["SIGINT", "SIGTERM", "SIGINT"],
        ["SIGTERM", "", "SIGTERM"]
      ] as const) {
        const { end, kill, says } = yield* start(normal, "50 millis")
        kill(signal)
        yield* says("cleaning")
        assert.strictEqual(yield* end, expected)
      }
    })
  )

  it.live("ends when its work is done, whatever is still open", () =>
    Effect.gen(function* () {
      const start = yield* program
      const { end } = yield* start("", "none")
      assert.strictEqual(yield* end, 0)
    })
  )

  it.live("takes two signals at once for one, and does not wait after a later one", () =>
    Effect.gen(function* () {
      const start = yield* program
      const patient = yield* start("SIGINT,SIGTERM", "50 millis")
      patient.kill("SIGINT")
      patient.kill("SIGTERM")
      assert.strictEqual(yield* patient.end, 0)
      const forced = yield* start("SIGINT,SIGTERM", "1 hour")
      forced.kill("SIGTERM")
      yield* forced.says("cleaning")
      const ended = yield* Effect.forkChild(forced.end, { startImmediately: true })
      while (ended.pollUnsafe() === undefined) {
        yield* Effect.sleep(200)
        forced.kill("SIGINT")
      }
      assert.strictEqual(yield* forced.end, "SIGINT")
    })
  )
})
