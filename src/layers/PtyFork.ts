/** Starts a program on a new terminal through node-pty's addon, or nothing, and the system's error. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as DescriptorRoom from "./DescriptorRoom.ts"
import type { ProcessHost } from "./ProcessHost.ts"
import type { Lookout, Pty, PtyRequest } from "./Pty.ts"
import * as PtyAddon from "./PtyAddon.ts"

/** Throws an error with a code. */
export const fork = (host: ProcessHost, { mark, onExit, size: { cols, rows }, spec }: PtyRequest): Pty => {
  const {
    argv: [file, ...args],
    cwd,
    env
  } = spec
  const addon = PtyAddon.load()
  const variables = Object.entries({ ...env, ...host.environment(mark) }).map((pair) => pair.join("="))
  const ended = (code: number, signal: number) =>
    onExit(signal > 0 ? { signal, name: signalName(signal) } : { code })
  const start = () => {
    try {
      return addon.fork(file, args, variables, cwd, cols, rows, -1, -1, true, addon.helperPath, ended)
    } catch {
      throw startError()
    }
  }
  const forked = host.start(
    mark,
    () => host.descriptors.withoutGaps(start),
    ({ pid }) => pid
  )
  const { fd: master, pid, pty } = forked
  try {
    // nothing can be started between the fork and this
    host.descriptors.keep(master)
    const slave = fs.openSync(pty, fs.constants.O_RDWR | fs.constants.O_NOCTTY)
    return {
      pid,
      master,
      slave,
      resize: ({ cols, rows }) => addon.resize(master, cols, rows, 0, 0),
      lookout
    }
  } catch (error) {
    // with no descriptor left for its other side the program cannot be kept
    host.killGroup(pid)
    process.kill(pid, "SIGKILL") // it may not lead its group yet
    host.descriptors.closed(master)
    fs.closeSync(master)
    throw error
  }
}

/** What the kernel gives of a terminal's output in one read at most. */
const FULL_READ_BYTES = 4095

/** Only a read tells for sure, but one that finds nothing waits in the kernel for what is on its way. */
export const lookout: Lookout = {
  hasMore: (_length, lastRead) => lastRead >= FULL_READ_BYTES,
  typed: () => {}
}

const signalName = (signal: number): string =>
  Object.entries(os.constants.signals).find(([, number]) => number === signal)?.[0] ?? `signal ${signal}`

/** A terminal takes two descriptors, for a moment. */
const DESCRIPTORS = 2

/** Nobody says why there is no terminal or no process; most often descriptors have run out. */
export const startError = (): NodeJS.ErrnoException => {
  try {
    DescriptorRoom.check(DESCRIPTORS)
    return Object.assign(new Error("no terminal"), { code: "EAGAIN" })
  } catch (error) {
    return error as NodeJS.ErrnoException
  }
}
