/**
 * Fuzzes the built server through its transports: messages made from the contract with something wrong in them,
 * random text, and random bytes below the level of messages; valid requests in between. Each request is answered
 * once, with a result or an error of the contract, and in the end the server holds what it held before.
 *
 * What is sent follows from the seed alone. `FUZZ_SEED=S FUZZ_BATCHES=B,B npx vitest run test/e2e/Fuzz.test.ts`
 * sends some of it again.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { converse } from "../support/fuzz/conversation.ts"
import { Finding, short } from "../support/fuzz/expected.ts"
import { PROGRAMS, SANDBOX_PROGRAMS } from "../support/fuzz/harmless.ts"
import { Random } from "../support/fuzz/random.ts"
import { sample, type Instances } from "../support/fuzz/requests.ts"
import * as Targets from "../support/fuzz/targets.ts"
import { temporaryDirectory } from "../support/harness.ts"
import { holdings, holdsOnly, residentBytes, settled } from "../support/holdings.ts"

/** Through each transport. */
const INPUTS = Number(process.env["FUZZ_INPUTS"] ?? 20_000)
const SEED = Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 32))
/** Only these. */
const AGAIN = process.env["FUZZ_BATCHES"]
/** Inputs of one connection, or connections without messages. */
const BATCH_INPUTS = 40
const BATCHES = Math.ceil(INPUTS / BATCH_INPUTS)
/** What is loaded and reserved on first use is so after this. */
const WARM_UP_BATCHES = 100
/** What a garbage collection has not seen yet: up to 160 MiB, after 20,000 inputs as after 240,000. */
const MAX_GROWTH_BYTES = 256 * 2 ** 20
/** After so many batches what they left is put away. */
const TIDY_EVERY = 50
/** The configuration is written anew above it, for each read of it costs the more. */
const MAX_CONFIG_BYTES = 8192
/** How often it is said how far it is. */
const REPORTS = 10
const TIMEOUT = 3_600_000

/** What a server says of messages that are none, and of its machine; all else in its log is a finding. */
const EXPECTED_LOG = /^timestamp=\S+ level=(ERROR fiber=#\d+ message="dropped a message: [^"]*"|WARN .*)$/

const CONFIG = 'sandbox_mode = "danger-full-access"\n'

/** A PATH with nothing on it that could do harm. */
const harmlessPath = Effect.map(temporaryDirectory, (directory) => {
  for (const program of [...PROGRAMS, ...SANDBOX_PROGRAMS]) {
    const found = process.env["PATH"]!.split(":")
      .map((place) => path.join(place, program))
      .find((file) => fs.existsSync(file))
    if (found !== undefined) fs.symlinkSync(found, path.join(directory, program))
  }
  return directory
})

const fuzz = Effect.fnUntraced(function* (start: typeof Targets.webSocket | typeof Targets.stdio) {
  const instances: Instances = yield* sample(SEED)
  const target = yield* start({ config: CONFIG, env: { PATH: yield* harmlessPath } })
  const { server } = target
  const files = path.join(path.dirname(server.cwd), "files")
  const config = path.join(server.codexHome, "config.toml")
  const inFlight = new Set<number>()
  let judged = server.stderr().length
  let done = 0
  const counts = new Map<string, number>()
  const count = (what: string, n = 1) => counts.set(what, (counts.get(what) ?? 0) + n)

  /** What the server logged since it was last asked for, but for what is expected. */
  const unexpectedLog = () => {
    const log = server.stderr().slice(judged)
    const lines = log.slice(0, log.lastIndexOf("\n") + 1)
    judged += lines.length
    return lines.split("\n").filter((line) => line !== "" && !EXPECTED_LOG.test(line))
  }

  /** Something is wrong since this batch; if it is not its fault, it is that of one beside it. */
  const fail = (batch: number, problem: string) =>
    Effect.suspend(() => {
      const log = unexpectedLog().map((line) => `\nlogged: ${line}`)
      return Effect.fail(
        new Finding({
          message: `FUZZ_SEED=${SEED} FUZZ_BATCHES=${batch} (in flight: ${[...inFlight].join()})
${problem}${short(log.join(""), 5000)}`
        })
      )
    })

  /** The files that were made are of no use any more. */
  const tidy = () => {
    const old = `${files}.old` // where nobody writes meanwhile
    if (fs.existsSync(files)) fs.renameSync(files, old)
    fs.rmSync(old, { recursive: true, force: true })
    fs.mkdirSync(path.join(files, "directory"), { recursive: true })
    if (fs.statSync(config).size > MAX_CONFIG_BYTES) fs.writeFileSync(config, CONFIG)
  }

  const run = (batch: number) =>
    Effect.gen(function* () {
      const random = new Random(SEED, batch)
      inFlight.add(batch)
      if (random.chance(target.noiseShare)) {
        count("sent: bytes", BATCH_INPUTS)
        yield* target.noise(random, instances, BATCH_INPUTS)
      } else {
        yield* converse(target.connect(random), {
          random,
          instances,
          inputs: BATCH_INPUTS,
          directory: files,
          isStdio: target.isStdio,
          count
        })
      }
      if (batch % TIDY_EVERY === 0) {
        tidy()
        const log = unexpectedLog()
        if (log.length > 0) yield* new Finding({ message: `logged: ${short(log.join("\n"), 5000)}` })
      }
      inFlight.delete(batch)
      if (++done % Math.ceil(BATCHES / REPORTS) === 0) yield* report("...")
    }).pipe(
      Effect.scoped,
      Effect.catchDefect((defect) => Effect.fail(defect as Error)),
      Effect.catch(({ message }) => fail(batch, message))
    )

  const began = performance.now()
  const report = (when: string) =>
    Effect.sync(() => {
      const speed = (done * BATCH_INPUTS * 1000) / (performance.now() - began)
      const memory = `${(residentBytes(server.pid) / 2 ** 20).toFixed(1)} MiB`
      console.info(
        when,
        done * BATCH_INPUTS,
        `${speed.toFixed(0)}/s`,
        memory,
        JSON.stringify(holdings(server))
      )
    })

  const runAll = (batches: ReadonlyArray<number>) =>
    Effect.forEach(batches, run, { concurrency: target.concurrency, discard: true })

  tidy()
  if (AGAIN !== undefined) return yield* runAll(AGAIN.split(",").map(Number))
  const batches = Array.from({ length: BATCHES }, (_, batch) => batch)
  yield* runAll(batches.slice(0, WARM_UP_BATCHES))
  const before = yield* settled(server)
  const bytes = residentBytes(server.pid)
  yield* report(`seed ${SEED}, warm:`)
  yield* runAll(batches.slice(WARM_UP_BATCHES))
  yield* holdsOnly(server, before)
  yield* report("at the end:")
  console.info(
    [...counts]
      .toSorted()
      .map(([what, n]) => `${what} ${n}`)
      .join(", ")
  )
  assert.deepStrictEqual(unexpectedLog(), [])
  if (!target.isStdio) assert.strictEqual(server.stdout(), "")
  assert.isBelow(residentBytes(server.pid) - bytes, MAX_GROWTH_BYTES)
})

describe(`a server that gets ${INPUTS} fuzzed inputs, seed ${SEED}`, () => {
  it.live("by WebSocket answers each request once, and is as it was", () => fuzz(Targets.webSocket), TIMEOUT)
  it.live("on stdio answers each request once, and is as it was", () => fuzz(Targets.stdio), TIMEOUT)
})
