// @ts-check
/** Much output, as fast as it goes; every byte of it must arrive. */
import { costs, exec, measured } from "./load.mjs"

/** @import { Client, Context, FigureSpec, Scenario } from "../types.ts" */

const MIB = 2 ** 20
const ENDLESS = { disableOutputCap: true, disableTimeout: true }

/** @type {Record<string, FigureSpec>} */
const CPU = costs("s of CPU per GiB")

/** @param {number} mebibytes */
export const zeros = (mebibytes) => ({
  ...ENDLESS,
  command: ["head", "-c", String(mebibytes * MIB), "/dev/zero"],
  processId: "zeros"
})

/**
 * @param {number} bytes
 * @param {number} mebibytes
 */
export const checkAll = (bytes, mebibytes) => {
  if (bytes !== mebibytes * MIB) throw new Error(`${bytes} bytes came of ${mebibytes * MIB}`)
}

/**
 * @param {Context} context
 * @param {number} mebibytes
 * @param {(client: Client) => Promise<number>} take gives how many bytes came
 */
const run = async ({ server, connect }, mebibytes, take) => {
  const client = await connect()
  let bytes = 0
  const { seconds, cpu, memory } = await measured(server, async () => {
    bytes = await take(client)
  })
  checkAll(bytes, mebibytes)
  const perGibibyte = 1024 / mebibytes
  return {
    speed: mebibytes / seconds,
    server: cpu.server * perGibibyte,
    commands: cpu.commands * perGibibyte,
    memory
  }
}

/** @type {(context: Context, mebibytes: number, how: object) => Promise<Record<string, number>>} */
const runStreamed = (context, mebibytes, how) =>
  run(context, mebibytes, async (client) => {
    await exec(client, { ...zeros(mebibytes), ...how })
    return client.streamed()
  })

/** @type {Scenario} */
export const stream = {
  name: "stream",
  figures: { speed: { what: "MiB/s streamed from a pipe" }, ...CPU },
  floor: true,
  run: (context) => runStreamed(context, context.scaled(512), { streamStdoutStderr: true })
}

/** @type {Scenario} */
export const ptybulk = {
  name: "ptybulk",
  figures: { speed: { what: "MiB/s streamed from a terminal" }, ...CPU },
  floor: false,
  run: (context) => runStreamed(context, context.scaled(96), { tty: true })
}

/** @type {Scenario} */
export const buffered = {
  name: "buffered",
  figures: { speed: { what: "MiB/s of text in one answer" }, ...CPU },
  floor: true,
  run: (context) => {
    const mebibytes = context.scaled(64)
    return run(context, mebibytes, async (client) => {
      const script = `yes 0123456789abcdef | head -c ${mebibytes * MIB}`
      const { stdout } = await exec(client, { ...ENDLESS, command: ["sh", "-c", script] })
      return stdout.length
    })
  }
}
