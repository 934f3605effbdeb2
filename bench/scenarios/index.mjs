// @ts-check
/** All scenarios, in the order of the table. */
import { buffered, ptybulk, stream } from "./output.mjs"
import { exec1, exec32, sandboxed } from "./commands.mjs"
import { base, baseOfProgram, idle, stalled, start, startOfProgram } from "./footprint.mjs"
import { pipelined, rtt } from "./requests.mjs"
import { echo, echoQuickAck } from "./terminal.mjs"

/** @import { Scenario } from "../types.ts" */

/** @type {ReadonlyArray<Scenario>} */
const all = [
  rtt,
  pipelined,
  exec1,
  exec32,
  sandboxed,
  stream,
  ptybulk,
  echo,
  echoQuickAck,
  buffered, // last of those that share a server: it leaves most memory behind
  start,
  startOfProgram,
  base,
  baseOfProgram,
  idle,
  stalled
]

/** @param {string} name */
const groupOf = (name) => /** @type {string} */ (name.split(".")[0])

export const groups = [...new Set(all.map(({ name }) => groupOf(name)))]

/**
 * The scenarios of these groups; of all without.
 *
 * @param {ReadonlyArray<string>} [wanted]
 */
export const scenariosOf = (wanted = groups) => {
  const unknown = wanted.filter((name) => !groups.includes(name))
  if (unknown.length > 0) {
    throw new Error(`no scenario is called ${unknown.join(" or ")}: ${groups.join(", ")}`)
  }
  return all.filter(({ name }) => wanted.includes(groupOf(name)))
}
