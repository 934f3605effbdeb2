// @ts-check
/** Commands that end at once: what it takes to start one, and to tell its end. */
import { costs, exec, measured, repeat } from "./load.mjs"

/** @import { Context, FigureSpec, Scenario } from "../types.ts" */

const TRUE = { command: ["/bin/true"] }
const IN_SANDBOX = { ...TRUE, sandboxPolicy: { type: "readOnly", networkAccess: false } }

/** @type {Record<string, FigureSpec>} */
const CPU = costs("ms of CPU per command")

/** @type {(context: Context, params: object, times: number, atOnce: number) => Promise<Record<string, number>>} */
const run = async ({ server, connect, scaled }, params, times, atOnce) => {
  const client = await connect()
  const commands = scaled(times)
  await repeat(Math.max(5, atOnce), atOnce, () => exec(client, params))
  const { seconds, cpu, memory } = await measured(server, () =>
    repeat(commands, atOnce, () => exec(client, params))
  )
  const perCommand = (/** @type {number} */ time) => (time / commands) * 1000
  return {
    speed: commands / seconds,
    server: perCommand(cpu.server),
    commands: perCommand(cpu.commands),
    memory
  }
}

/** @type {Scenario} */
export const exec1 = {
  name: "exec1",
  figures: { speed: { what: "`/bin/true` per s, one at a time" }, ...CPU },
  floor: true,
  run: (context) => run(context, TRUE, 500, 1)
}

/** @type {Scenario} */
export const exec32 = {
  name: "exec32",
  figures: { speed: { what: "`/bin/true` per s, 32 at once" } },
  floor: true,
  run: (context) => run(context, TRUE, 1000, 32)
}

/** @type {Scenario} */
export const sandboxed = {
  name: "sandboxed",
  figures: { speed: { what: "`/bin/true` per s in the read-only sandbox, one at a time" } },
  floor: false,
  run: (context) => run(context, IN_SANDBOX, 100, 1)
}
