// @ts-check
/** Requests that do nothing: the way in and out. */
import { costs, measured, nothing, repeat } from "./load.mjs"

/** @import { Scenario } from "../types.ts" */

const WARM_UP = 200
const CONNECTIONS = 16
const IN_FLIGHT = 4

/** @type {Scenario} */
export const rtt = {
  name: "rtt",
  figures: {
    speed: { what: "requests/s, one at a time" },
    ...costs("µs of CPU per request", false)
  },
  floor: true,
  run: async ({ server, connect, scaled }) => {
    const client = await connect()
    await repeat(WARM_UP, 1, () => nothing(client))
    const requests = scaled(10_000)
    const { seconds, cpu, memory } = await measured(server, () => repeat(requests, 1, () => nothing(client)))
    return { speed: requests / seconds, server: (cpu.server / requests) * 1e6, memory }
  }
}

/** @type {Scenario} */
export const pipelined = {
  name: "pipelined",
  figures: { speed: { what: `requests/s, ${CONNECTIONS} connections with ${IN_FLIGHT} in flight` } },
  floor: true,
  run: async ({ server, connect, scaled }) => {
    const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => connect()))
    const each = scaled(2000)
    const { seconds } = await measured(server, () =>
      Promise.all(clients.map((client) => repeat(each, IN_FLIGHT, () => nothing(client))))
    )
    return { speed: (each * CONNECTIONS) / seconds }
  }
}
