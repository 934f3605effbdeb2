// @ts-check
/** What a server takes: the time until it serves, and memory at rest and under clients that do not do their part. */
import { setTimeout as sleep } from "node:timers/promises"
import { residentMemory } from "../proc.mjs"
import { exec, nothing } from "./load.mjs"
import { checkAll, zeros } from "./output.mjs"

/** @import { Client, Scenario } from "../types.ts" */

/** After it a server that was started, or that has served, is at rest. */
const REST_MS = 1000
const CONNECTIONS = 1000
const CONNECTING_AT_ONCE = 50
const STALL_MS = 4000
const STALL_MIB = 400
const SAMPLE_MS = 250
/** What memory cannot be measured below. */
const PAGE_KIB = 4

/** @type {Pick<Scenario, "figures" | "floor" | "fresh" | "run">} */
const starting = {
  figures: { time: { what: "ms from its start to `/readyz`", less: true } },
  floor: true,
  fresh: true,
  run: async ({ server }) => ({ time: server.readyMs })
}

/** @type {Pick<Scenario, "figures" | "floor" | "fresh" | "run">} */
const resting = {
  figures: { memory: { what: "MiB of memory at rest", less: true } },
  floor: true,
  fresh: true,
  run: async ({ server }) => {
    await sleep(REST_MS)
    return { memory: residentMemory(server.pid) }
  }
}

/** @type {Scenario} */
export const start = { ...starting, name: "start", rival: "npm" }
/** @type {Scenario} */
export const startOfProgram = { ...starting, name: "start.native", rival: "codex" }
/** @type {Scenario} */
export const base = { ...resting, name: "base", rival: "npm" }
/** @type {Scenario} */
export const baseOfProgram = { ...resting, name: "base.native", rival: "codex" }

/**
 * Connects so many clients.
 *
 * @param {() => Promise<Client>} connect
 * @param {number} count
 */
export const connectMany = async (connect, count) => {
  /** @type {Array<Client>} */
  const clients = []
  while (clients.length < count) {
    const batch = Math.min(CONNECTING_AT_ONCE, count - clients.length)
    clients.push(...(await Promise.all(Array.from({ length: batch }, connect))))
  }
  return clients
}

/** @type {Scenario} */
export const idle = {
  name: "idle",
  figures: { memory: { what: `KiB of memory per idle connection, of ${CONNECTIONS}`, less: true } },
  floor: true,
  fresh: true,
  run: async ({ server, connect }) => {
    await sleep(REST_MS)
    const before = residentMemory(server.pid)
    await connectMany(connect, CONNECTIONS)
    await sleep(REST_MS)
    const grown = ((residentMemory(server.pid) - before) * 1024) / CONNECTIONS
    return { memory: Math.max(grown, PAGE_KIB / CONNECTIONS) }
  }
}

/** @type {Scenario} */
export const stalled = {
  name: "stalled",
  figures: {
    memory: {
      what: `MiB of growth, at most, while a client does not read a stream of ${STALL_MIB} MiB for ${STALL_MS / 1000} s`,
      less: true
    }
  },
  floor: true,
  fresh: true,
  run: async ({ server, connect }) => {
    const client = await connect()
    await nothing(client)
    await sleep(REST_MS)
    const before = residentMemory(server.pid)
    const flowing = new Promise((resolve) => (client.onOutput = () => resolve(undefined)))
    const ended = exec(client, { ...zeros(STALL_MIB), streamStdoutStderr: true })
    ended.catch(() => {}) // awaited below
    await flowing
    client.pause()
    let most = PAGE_KIB / 1024
    for (let waited = 0; waited < STALL_MS; waited += SAMPLE_MS) {
      await sleep(SAMPLE_MS)
      most = Math.max(most, residentMemory(server.pid) - before)
    }
    client.resume()
    await ended
    checkAll(client.streamed(), STALL_MIB)
    return { memory: most }
  }
}
