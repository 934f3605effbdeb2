// @ts-check
/** How cost grows with the number of connections, and with that of commands at once. */
import { setTimeout as sleep } from "node:timers/promises"
import { residentMemory } from "./proc.mjs"
import { onFreshServer, orderOf } from "./run.mjs"
import { connectMany } from "./scenarios/footprint.mjs"
import { exec, nothing, repeat } from "./scenarios/load.mjs"
import { median, quantile } from "./statistics.mjs"

/** @import { Contender, ContenderName, Context, Figures, Growth, Point } from "./types.ts" */

const CONNECTIONS = [1, 10, 100, 1000]
const COMMANDS = [1, 10, 100]
const WARM_UP = 500
const REST_MS = 1000

/**
 * One request at a time, from one connection after the other: what the others cost a client though they are silent.
 *
 * @type {(context: Context, size: number) => Promise<Figures>}
 */
const connections = async ({ server, connect, scaled }, size) => {
  const first = await connect()
  await repeat(WARM_UP, 1, () => nothing(first))
  await sleep(REST_MS)
  const before = residentMemory(server.pid)
  const clients = await connectMany(connect, size)
  await sleep(REST_MS)
  const memory = ((residentMemory(server.pid) - before) * 1024) / size
  const times = await timed(scaled(4000), 1, (n) => nothing(/** @type {any} */ (clients[n % size])))
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), memory }
}

/** @type {(context: Context, size: number) => Promise<Figures>} */
const commands = async ({ connect, scaled }, size) => {
  const client = await connect()
  const run = () => exec(client, { command: ["/bin/true"] })
  await repeat(Math.max(20, size), size, run)
  const began = performance.now()
  const times = await timed(scaled(400 + 4 * size), size, run)
  return { speed: times.length / ((performance.now() - began) / 1000), p99: quantile(times, 0.99) }
}

/**
 * How long each took, in ms.
 *
 * @param {number} times
 * @param {number} atOnce
 * @param {(n: number) => Promise<unknown>} work
 */
const timed = async (times, atOnce, work) => {
  /** @type {Array<number>} */
  const taken = []
  await repeat(times, atOnce, async (n) => {
    const began = performance.now()
    await work(n)
    taken.push(performance.now() - began)
  })
  return taken
}

/**
 * @param {ReadonlyArray<Contender>} contenders
 * @param {ReadonlyArray<number>} sizes
 * @param {(context: Context, size: number) => Promise<Figures>} run
 * @param {{ readonly rounds: number, readonly quick: boolean }} options
 * @param {(failure: string) => void} onFailure
 * @returns {Promise<ReadonlyArray<Point>>}
 */
const measure = async (contenders, sizes, run, { rounds, quick }, onFailure) => {
  /** @type {Array<Point>} */
  const points = []
  for (const size of sizes) {
    /** @type {Map<ContenderName, Array<Figures>>} */
    const results = new Map(contenders.map(({ name }) => [name, []]))
    for (let round = 0; round < rounds; round++) {
      for (const contender of orderOf(contenders, round)) {
        try {
          results.get(contender.name)?.push(await onFreshServer(contender, quick, (it) => run(it, size)))
        } catch (error) {
          onFailure(`${contender.name} at ${size}: ${error instanceof Error ? error.message : error}`)
        }
      }
    }
    for (const [contender, rounds] of results) {
      const figures = Object.keys(rounds[0] ?? {}).map((name) => [
        name,
        median(rounds.map((it) => it[name] ?? NaN))
      ])
      if (figures.length > 0) points.push({ contender, size, figures: Object.fromEntries(figures) })
    }
  }
  return points
}

/**
 * Measures both.
 *
 * @param {ReadonlyArray<Contender>} contenders
 * @param {{ readonly rounds: number, readonly quick: boolean }} options
 * @param {(failure: string) => void} onFailure
 * @returns {Promise<Growth>}
 */
export const growth = async (contenders, options, onFailure) => ({
  connections: await measure(contenders, CONNECTIONS, connections, options, onFailure),
  commands: await measure(contenders, COMMANDS, commands, options, onFailure)
})
