// @ts-check
/** What scenarios have in common: so much work, a few at once, and what it cost. */
import { cpuMeter, residentMemory } from "../proc.mjs"

/** @import { Client, FigureSpec, Server } from "../types.ts" */

/**
 * Does some work so many times, so many at once.
 *
 * @param {number} times
 * @param {number} atOnce
 * @param {(n: number) => Promise<unknown>} work
 */
export const repeat = async (times, atOnce, work) => {
  let next = 0
  const worker = async () => {
    while (next < times) await work(next++)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, times) }, worker))
}

/**
 * The smallest request that both servers answer without having done anything: to end what is not there.
 *
 * @param {Client} client
 */
export const nothing = (client) =>
  client.request("command/exec/terminate", { processId: "nobody" }).then(
    () => {
      throw new Error("what was not there was ended")
    },
    (error) => {
      if (/closed/.test(error.message)) throw error
    }
  )

/**
 * Runs a command to its end, which must be exit code 0.
 *
 * @param {Client} client
 * @param {object} params
 */
export const exec = async (client, params) => {
  const answer = await client.request("command/exec", params)
  if (answer.exitCode !== 0) {
    throw new Error(`exit code ${answer.exitCode}: ${String(answer.stderr).trim().slice(0, 200)}`)
  }
  return answer
}

/**
 * How long some work took, in seconds, and what it cost the server.
 *
 * @param {Server} server
 * @param {() => Promise<unknown>} work
 */
export const measured = async (server, work) => {
  const cpu = cpuMeter(server.pid)
  const began = performance.now()
  await work()
  const seconds = (performance.now() - began) / 1000
  return { seconds, cpu: cpu(), memory: residentMemory(server.pid) }
}

/**
 * The rows for what it cost.
 *
 * @param {string} unit of the CPU time, such as "ms of CPU per command"
 * @param {boolean} [withCommands]
 * @returns {Record<string, FigureSpec>}
 */
export const costs = (unit, withCommands = true) => ({
  server: { what: `${unit}, the server`, less: true, cost: true },
  ...(withCommands ? { commands: { what: `${unit}, the commands`, less: true, cost: true } } : {}),
  memory: { what: "MiB of memory at the end", less: true, cost: true }
})
