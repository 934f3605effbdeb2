/** Terminals by native calls: `PosixTerminal` and `PosixSpawn`. */
import * as fs from "node:fs"
import type { Native } from "./Native.ts"
import { commandStatus, type ProcessHost } from "./ProcessHost.ts"
import type { StartPty } from "./Pty.ts"

export const make =
  (host: ProcessHost, { spawn, terminal }: Native): StartPty =>
  ({ file, mark, onExit, size, spec }) => {
    const { argv, cwd, env, launcher } = spec
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
        () => spawn({ ...program, argv: words, cwd }),
        (pid) => pid
      )
      host.onExit(pid, (status) => onExit(commandStatus(launcher, status)))
      return {
        pid,
        master,
        slave,
        resize: (size) => terminal.resize(master, size),
        hasMore: () => terminal.isReadable(master)
      }
    } catch (error) {
      fs.closeSync(master)
      if (slave >= 0) fs.closeSync(slave)
      throw error
    }
  }
