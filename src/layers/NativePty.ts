/** Terminals by native calls: `PosixTerminal` and `PosixSpawn`. */
import * as fs from "node:fs"
import { commandStatus, type NativeHost, type ProcessHost } from "./ProcessHost.ts"
import type { StartPty } from "./Pty.ts"
import { TerminalLookout } from "./TerminalLookout.ts"

export const make = (host: ProcessHost, { native, onExit: tellExit }: NativeHost): StartPty => {
  const lookout = new TerminalLookout(native)
  return ({ file, mark, onExit, size, spec }) => {
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
        lookout: lookout.for(master)
      }
    } catch (error) {
      fs.closeSync(master)
      if (slave >= 0) fs.closeSync(slave)
      throw error
    }
  }
}
