/** Which processes of this machine belong to the commands of this server, from /proc (proc(5)). */
import * as fs from "node:fs"
import type { ProcessEntry, ProcessTable } from "../services/ProcessSweeper.ts"

/** The variable that carries the mark where the native one is not to be had. */
export const MARK_VARIABLE = "EFFECT_APP_SERVER_MARK"

const read = (file: string): string => {
  try {
    return fs.readFileSync(file, "latin1")
  } catch {
    return "" // gone meanwhile, or not ours to look at
  }
}

const numbers = (directory: string): ReadonlyArray<number> => {
  try {
    return fs.readdirSync(directory).map(Number).filter(Number.isInteger)
  } catch {
    return []
  }
}

/**
 * Whether a process runs no more, though its parent may not have asked for its status yet. The state is the first
 * field behind the name, which may hold anything but is in parentheses.
 */
export const isGone = (pid: number): boolean => {
  const stat = read(`/proc/${pid}/stat`)
  const state = stat[stat.lastIndexOf(")") + 2]
  return state === undefined || state === "Z" || state === "X"
}

const signal: ProcessTable["signal"] = (pid, signal) => {
  try {
    process.kill(pid, signal)
  } catch {
    // gone
  }
}

/** Children of a process, those that it adopted included. */
export const childrenOf = (pid: number): ReadonlyArray<number> =>
  numbers(`/proc/${pid}/task`).flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`).trim().split(" ").filter(Boolean).map(Number)
  )

/**
 * Everything below this process. It adopts orphans, so nothing that it started is anywhere else. A process whose
 * parent dies during the walk is seen as a child of ours at its end.
 */
const descendants = (): ReadonlySet<number> => {
  const found = new Set<number>()
  const pending: Array<number> = []
  const add = (pids: ReadonlyArray<number>) => {
    for (const pid of pids) {
      if (found.has(pid)) continue
      found.add(pid)
      pending.push(pid)
    }
  }
  do {
    add(childrenOf(process.pid))
    for (let pid = pending.pop(); pid !== undefined; pid = pending.pop()) add(childrenOf(pid))
    add(childrenOf(process.pid))
  } while (pending.length > 0)
  return found
}

/** Older kernels, and those without CONFIG_PROC_CHILDREN, do not list children: then all processes are looked at. */
const listsChildren = fs.existsSync(`/proc/self/task/${process.pid}/children`)
const candidates = (): Iterable<number> => (listsChildren ? descendants() : numbers("/proc"))

const marked = (
  pids: Iterable<number>,
  markOf: (pid: number) => string | undefined
): ReadonlyArray<ProcessEntry> => {
  const entries: Array<ProcessEntry> = []
  for (const pid of pids) {
    const mark = markOf(pid)
    if (mark !== undefined && !isGone(pid)) entries.push({ pid, mark })
  }
  return entries
}

const LIMIT = /^Max realtime timeout +(\d+)/m

/** By the resource limit that carries the mark (see `Native`). `server` is what the marks begin with. */
export const byLimit = (server: string): ProcessTable => ({
  list: () =>
    marked(candidates(), (pid) => {
      const mark = LIMIT.exec(read(`/proc/${pid}/limits`))?.[1]
      return mark?.startsWith(server) ? mark : undefined
    }),
  signal
})

/** By the variable that carries the mark; what cleared its environment is not seen. */
export const byEnvironment = (server: string): ProcessTable => {
  const variable = `\0${MARK_VARIABLE}=${server}`
  return {
    list: () =>
      marked(numbers("/proc"), (pid) => {
        const environment = `\0${read(`/proc/${pid}/environ`)}`
        const start = environment.indexOf(variable)
        return start < 0
          ? undefined
          : environment.slice(start + variable.length - server.length, environment.indexOf("\0", start + 1))
      }),
    signal
  }
}
