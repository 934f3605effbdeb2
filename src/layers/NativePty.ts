/** Terminals by native calls: `PosixTerminal` and `PosixSpawn`. */
import * as fs from "node:fs"
import type { Native } from "./Native.ts"
import { commandStatus, type NativeHost, type ProcessHost } from "./ProcessHost.ts"
import type { Pty, StartPty } from "./Pty.ts"

/** A chunk of so many bytes is worth sending while the kernel brings the next. */
const GOOD_CHUNK_BYTES = 16 * 1024
/** Milliseconds; a longer wait was not for the kernel's work but for a processor that slept. */
const LONG_WAIT_MS = 0.03
/** How many chunks are sent without a wait after a long one: then waits may be short again. */
const CHUNKS_WITHOUT_WAIT = 16

/**
 * Waits in the kernel for more output where that is quick: on a busy machine it is, and the chunks become large; on
 * an idle one it is not, and small chunks cost less.
 */
const lookOut = ({ poll, terminal }: Native, master: number): Pty["hasMore"] => {
  let withoutWait = 0
  return (length) => {
    if (terminal.isReadable(master)) return true
    if (length >= GOOD_CHUNK_BYTES) return false
    if (withoutWait > 0) {
      withoutWait--
      return false
    }
    const start = performance.now()
    const arrived = poll([master])[0] !== 0 // a poll of a terminal waits for what is on its way
    if (performance.now() - start > LONG_WAIT_MS) withoutWait = CHUNKS_WITHOUT_WAIT
    return arrived
  }
}

export const make =
  (host: ProcessHost, { native, onExit: tellExit }: NativeHost): StartPty =>
  ({ file, mark, onExit, size, spec }) => {
    const { argv, cwd, env, launcher } = spec
    const { terminal } = native
    const { master, path } = terminal.open(size)
    let slave = -1
    try {
      slave = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_NOCTTY)
      const words = launcher?.wrap(argv, true) ?? argv
      const program = launcher
        ? { file: words[0], env: launcher.env, descriptors: [slave, slave, slave, ...launcher.descriptors] }
        : { file, env, terminal: path, descriptors: [] }
      const pid = host.start(
        mark,
        () => native.spawn({ ...program, argv: words, cwd }),
        (pid) => pid
      )
      tellExit(pid, (status) => onExit(commandStatus(launcher, status)))
      return {
        pid,
        master,
        slave,
        resize: (size) => terminal.resize(master, size),
        hasMore: lookOut(native, master)
      }
    } catch (error) {
      fs.closeSync(master)
      if (slave >= 0) fs.closeSync(slave)
      throw error
    }
  }
