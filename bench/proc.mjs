// @ts-check
/** What the kernel tells of a server's processes: CPU time and memory. Linux only, from /proc. */
import * as fs from "node:fs"

/** @import { CpuTime } from "./types.ts" */
/** @typedef {{ pid: number, parent: number, group: number, own: number, waitedFor: number }} Process times in seconds */

/** Of the times in /proc; the same on every machine that Node runs on. */
const TICKS_PER_SECOND = 100

/** @param {string} file */
const read = (file) => {
  try {
    return fs.readFileSync(file, "latin1")
  } catch {
    return undefined // gone meanwhile
  }
}

const processes = () =>
  fs.readdirSync("/proc").flatMap((name) => {
    const stat = /^\d+$/.test(name) ? read(`/proc/${name}/stat`) : undefined
    if (stat === undefined) return []
    // what comes before may hold anything: it is the program's name
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    /** @param {number} first */
    const seconds = (first) => (Number(fields[first]) + Number(fields[first + 1])) / TICKS_PER_SECOND
    return [
      {
        pid: Number(name),
        parent: Number(fields[1]),
        group: Number(fields[2]),
        own: seconds(11),
        waitedFor: seconds(13)
      }
    ]
  })

/**
 * The processes of a server: its group (a launcher and what it starts), and all that descend from them.
 *
 * @param {number} pid
 * @returns {ReadonlyMap<number, Process>}
 */
export const processesOf = (pid) => {
  const all = processes()
  const found = new Map(all.filter((p) => p.pid === pid || p.group === pid).map((p) => [p.pid, p]))
  for (let before = -1; before !== found.size;) {
    before = found.size
    for (const p of all) if (found.has(p.parent)) found.set(p.pid, p)
  }
  return found
}

/**
 * Starts a measurement of CPU time; what it gives ends it. A process that was there all the time is the server's own;
 * one that came or went, and what it waited for, is a command.
 *
 * @param {number} pid
 * @returns {() => CpuTime}
 */
export const cpuMeter = (pid) => {
  const before = processesOf(pid)
  return () => {
    let server = 0
    let commands = 0
    const after = processesOf(pid)
    for (const p of after.values()) {
      const then = before.get(p.pid)
      if (then === undefined) commands += p.own + p.waitedFor
      else {
        server += p.own - then.own
        commands += p.waitedFor - then.waitedFor
      }
    }
    // who waited for it got the whole of its time, not only what it took since
    for (const p of before.values()) if (!after.has(p.pid)) commands -= p.own + p.waitedFor
    return { server, commands: Math.max(commands, 0) }
  }
}

/**
 * Resident memory in MiB of a server and all that it has running.
 *
 * @param {number} pid
 */
export const residentMemory = (pid) => {
  let kibibytes = 0
  for (const each of processesOf(pid).keys()) {
    kibibytes += Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${each}/status`) ?? "")?.[1] ?? 0)
  }
  return kibibytes / 1024
}
