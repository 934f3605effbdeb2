/**
 * Descriptors that programs would inherit though they are not theirs: what the server itself was given, and the
 * terminals that node-pty opens. The native call keeps them from programs. Without it their places are given to
 * `/dev/null`.
 */
import * as fs from "node:fs"
import type { Native } from "./Native.ts"

/** Of Linux, on x86-64 and arm64. */
const O_CLOEXEC = 0o2000000

export interface InheritedDescriptors {
  /** Keeps a descriptor from the programs that are started from now on. */
  readonly keep: (fd: number) => void
  /** The descriptor is closed. */
  readonly closed: (fd: number) => void
  /** Calls `start` while nothing below what is kept is free: node-pty closes what is open up to the first gap. */
  readonly withoutGaps: <A>(start: () => A) => A
  /** What `stdio` of a program needs behind its standard streams, to pass `descriptors` on as 3, 4 and so on. */
  readonly passed: (descriptors?: ReadonlyArray<number>) => ReadonlyArray<number>
}

const isInherited = (fd: number): boolean => {
  try {
    const flags = /^flags:\s+([0-7]+)/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))?.[1]
    return flags !== undefined && (parseInt(flags, 8) & O_CLOEXEC) === 0
  } catch {
    return false
  }
}

const ofThisProcess = (): ReadonlyArray<number> => {
  try {
    return fs
      .readdirSync("/proc/self/fd")
      .map(Number)
      .filter((fd) => fd > 2 && isInherited(fd))
  } catch {
    return []
  }
}

const openFilesLimit = (): number => {
  try {
    const limits = fs.readFileSync("/proc/self/limits", "latin1")
    return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Infinity)
  } catch {
    return Infinity
  }
}

/** Without the descriptors from before the limit was lowered: nothing can be put into their places. */
const below = (limit: number, places: ReadonlySet<number>) => [...places].filter((fd) => fd < limit)

export const make = (native: Native | undefined): InheritedDescriptors => {
  const places = new Set<number>()
  // as long as the process lives: every program may need it
  const nothing = native === undefined ? fs.openSync("/dev/null", "r+") : -1
  const keep = (fd: number) => {
    if (native === undefined) places.add(fd)
    else native.closeOnExec(fd)
  }
  ofThisProcess().forEach(keep)
  return {
    keep,
    closed: (fd) => void places.delete(fd),
    withoutGaps: (start) => {
      if (places.size === 0) return start()
      const top = Math.max(-1, ...below(openFilesLimit(), places))
      const fillers: Array<number> = []
      try {
        for (let fd = -1; fd < top; fillers.push(fd)) fd = fs.openSync("/dev/null", "r")
        return start()
      } finally {
        for (const fd of fillers) fs.closeSync(fd)
      }
    },
    passed: (descriptors = []) => {
      if (places.size === 0) return descriptors
      const hidden = below(openFilesLimit(), places)
      const length = Math.max(descriptors.length, ...hidden.map((fd) => fd - 2))
      return Array.from({ length }, (_, i) => descriptors[i] ?? nothing)
    }
  }
}
