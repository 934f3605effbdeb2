// @ts-check
/** Runs scenarios on the contenders in turn, round by round. What fails is told, and the rest goes on. */
import { connect } from "./client.mjs"
import { start } from "./servers.mjs"

/** @import { Client, Contender, ContenderName, Context, Row, Scenario, Server } from "./types.ts" */

/** Five times what the slowest took on two processors: echoes, by a server that waits for acknowledgements. */
const LIMIT_MS = 120_000

/**
 * Rejects when some work is not done in time.
 *
 * @template A
 * @param {Promise<A>} work
 * @returns {Promise<A>}
 */
const inTime = (work) => {
  /** @type {NodeJS.Timeout | undefined} */
  let timer
  /** @type {Promise<never>} */
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${LIMIT_MS / 1000} s`)), LIMIT_MS)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/**
 * Runs with a context whose clients end with it.
 *
 * @template A
 * @param {Server} server
 * @param {boolean} quick
 * @param {(context: Context) => Promise<A>} run
 */
export const withContext = async (server, quick, run) => {
  /** @type {Array<Client>} */
  const clients = []
  try {
    return await inTime(
      run({
        server,
        connect: async (options) => {
          const client = await connect(server.url, options)
          clients.push(client)
          return client
        },
        scaled: (amount) => (quick ? Math.ceil(amount / 4) : amount)
      })
    )
  } finally {
    for (const client of clients) client.terminate()
  }
}

/**
 * Runs on a server of its own.
 *
 * @template A
 * @param {Contender} contender
 * @param {boolean} quick
 * @param {(context: Context) => Promise<A>} run
 */
export const onFreshServer = async (contender, quick, run) => {
  const server = await start(contender)
  try {
    return await withContext(server, quick, run)
  } finally {
    await server.end()
  }
}

/** Servers that stay from scenario to scenario; one with which something failed is replaced. */
export class LongLived {
  /** @type {Map<ContenderName, Server>} */
  #servers = new Map()

  /**
   * @template A
   * @param {Contender} contender
   * @param {boolean} quick
   * @param {(context: Context) => Promise<A>} run
   */
  async run(contender, quick, run) {
    const server = this.#servers.get(contender.name) ?? (await start(contender))
    this.#servers.set(contender.name, server)
    try {
      return await withContext(server, quick, run)
    } catch (error) {
      this.#servers.delete(contender.name)
      await server.end()
      throw error
    }
  }

  async end() {
    await Promise.all([...this.#servers.values()].map((server) => server.end()))
    this.#servers.clear()
  }
}

/**
 * The order of a round: each second one is turned round, so that nobody always comes first.
 *
 * @template A
 * @param {ReadonlyArray<A>} contenders
 * @param {number} round
 */
export const orderOf = (contenders, round) => (round % 2 === 0 ? contenders : contenders.toReversed())

/**
 * The rows of one scenario.
 *
 * @param {Scenario} scenario
 * @param {ReadonlyArray<Contender>} contenders
 * @param {LongLived} servers
 * @param {{ readonly rounds: number, readonly quick: boolean }} options
 * @returns {Promise<ReadonlyArray<Row>>}
 */
export const runScenario = async (scenario, contenders, servers, { rounds, quick }) => {
  const rival = scenario.rival ?? "codex"
  const taking = contenders.filter(
    ({ name }) => name === "ours" || name === rival || (name === "floor" && scenario.floor)
  )
  /** @type {Partial<Record<ContenderName, Array<Readonly<Record<string, number>>>>>} */
  const results = {}
  /** @type {Partial<Record<ContenderName, string>>} */
  const failures = {}
  for (let round = 0; round < rounds; round++) {
    for (const contender of orderOf(taking, round)) {
      const { name } = contender
      if (failures[name] !== undefined) continue
      try {
        const figures = await (scenario.fresh === true
          ? onFreshServer(contender, quick, scenario.run)
          : servers.run(contender, quick, scenario.run))
        ;(results[name] ??= []).push(figures)
      } catch (error) {
        failures[name] = error instanceof Error ? error.message : String(error)
      }
    }
  }
  // figures of rounds before a failure would stand for a contender that works
  for (const { name } of taking) if (failures[name] !== undefined) delete results[name]
  /** @type {(figure: string) => Row["samples"]} */
  const samplesOf = (figure) =>
    Object.fromEntries(
      Object.entries(results).map(([name, rounds]) => [name, rounds.map((figures) => figures[figure] ?? NaN)])
    )
  return Object.entries(scenario.figures).map(([figure, spec]) =>
    Object.assign({ scenario: scenario.name, figure, rival, failures, samples: samplesOf(figure) }, spec)
  )
}
