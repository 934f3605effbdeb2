// @ts-check
/** What a person feels who types on a terminal. */
import { setTimeout as sleep } from "node:timers/promises"
import { quantile } from "../statistics.mjs"

/** @import { Client, ClientOptions, Context, Scenario } from "../types.ts" */

const KEYS = 400
/** So many come before, uncounted. */
const WARM_UP = 80
/** A new line before the terminal's is full (4096). */
const LINE = 80
const RETRY_MS = 20
const processId = "cat"

/**
 * Resolves when so many bytes of output have come in all.
 *
 * @param {Client} client
 * @param {number} bytes
 * @returns {Promise<void>}
 */
const arrived = (client, bytes) =>
  new Promise((resolve) => {
    client.onOutput = () => {
      if (client.streamed() >= bytes) resolve()
    }
    client.onOutput()
  })

/**
 * Types keys into `cat`, one after the other's echo, and gives how long each echo took in ms.
 *
 * @param {Context} context
 * @param {ClientOptions} options
 */
const type = async ({ connect, scaled }, options) => {
  const client = await connect(options)
  /** @param {string} text */
  const write = (text) =>
    client.request("command/exec/write", { processId, deltaBase64: Buffer.from(text).toString("base64") })
  const running = client.request("command/exec", {
    command: ["cat"],
    processId,
    tty: true,
    disableTimeout: true
  })
  running.catch(() => {}) // it ends with its connection

  // until the command runs there is nothing to write to
  while (
    !(await write("\n").then(
      () => true,
      () => false
    ))
  )
    await sleep(RETRY_MS)
  let expected = "\r\n".length * 2 // the terminal's echo and then `cat`
  await arrived(client, expected)

  const times = []
  const keys = WARM_UP + scaled(KEYS)
  for (let inLine = 1; times.length < keys; inLine++) {
    const began = performance.now()
    const echoed = arrived(client, ++expected)
    // who types does not wait for the answer
    await Promise.race([echoed, write("a").then(() => echoed)])
    times.push(performance.now() - began)
    if (inLine < LINE) continue
    await write("\n")
    expected += "\r\n".length + inLine + "\r\n".length
    await arrived(client, expected)
    inLine = 0
  }
  return times.slice(WARM_UP)
}

/** @type {(name: string, client: string, options: ClientOptions) => Scenario} */
const scenario = (name, client, options) => ({
  name,
  figures: {
    p50: { what: `ms from a key to its echo on a terminal, median${client}`, less: true },
    p99: { what: `the same, 99 of 100${client}`, less: true }
  },
  floor: false,
  run: async (context) => {
    const times = await type(context, options)
    return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) }
  }
})

export const echo = scenario("echo", "", {})

export const echoQuickAck = scenario("echo.quickack", "; client with TCP_QUICKACK", { quickAck: true })
