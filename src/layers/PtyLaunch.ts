/**
 * Starts a launcher on a new terminal. It is not the terminal's session that it leads: the command inside takes the
 * terminal for a session of its own, so that keys, ^C and SIGWINCH reach the command and nothing around it.
 */
import * as ChildProcess from "node:child_process"
import * as fs from "node:fs"
import type { CommandExecTerminalSize } from "../rpc/CommandExec.ts"
import type { ExitStatus, Launcher, SpawnSpec } from "../services/ProcessSpawner.ts"
import { childStatus, commandStatus, type ProcessHost } from "./ProcessHost.ts"
import * as PtyAddon from "./PtyAddon.ts"
import { startError, type Pty } from "./PtyFork.ts"

/** As `PtyFork.fork`, for a command with a launcher. */
export const launch = (
  host: ProcessHost,
  mark: string,
  { argv, cwd, launcher }: SpawnSpec,
  { cols, rows }: CommandExecTerminalSize,
  onExit: (status: ExitStatus) => void
): Pty => {
  const addon = PtyAddon.load()
  const { master, slave } = open(addon, cols, rows)
  try {
    host.descriptors.keep(master)
    const start = host.native === undefined ? startByNode : startNatively
    const words = launcher!.wrap(argv, true)
    const pid = start(host, mark, words, launcher!, cwd, slave, (status) =>
      onExit(commandStatus(launcher, status))
    )
    return { pid, master, slave, resize: (cols, rows) => addon.resize(master, cols, rows, 0, 0) }
  } catch (error) {
    host.descriptors.closed(master)
    fs.closeSync(master)
    fs.closeSync(slave)
    throw error
  }
}

const startNatively = (
  host: ProcessHost,
  mark: string,
  argv: SpawnSpec["argv"],
  { descriptors, env }: Launcher,
  cwd: string,
  slave: number,
  onExit: (status: ExitStatus) => void
): number => {
  const program = { file: argv[0], argv, env, cwd, descriptors: [slave, slave, slave, ...descriptors] }
  const pid = host.start(
    mark,
    () => host.native!.spawn(program),
    (pid) => pid
  )
  host.onExit(pid, onExit)
  return pid
}

const startByNode: typeof startNatively = (
  host,
  mark,
  [file, ...args],
  { descriptors, env },
  cwd,
  slave,
  onExit
) => {
  const start = () =>
    ChildProcess.spawn(file, args, {
      cwd,
      env: { ...env, ...host.environment(mark) },
      detached: true,
      stdio: [slave, slave, slave, ...host.descriptors.passed(descriptors)]
    })
  const child = host.start(mark, start, ({ pid }) => pid)
  child.on("error", () => {}) // the missing pid says it already
  if (child.pid === undefined) throw startError()
  child.on("exit", (code, signal) => onExit(childStatus(code, signal)))
  return child.pid
}

/** A terminal of which the program's side blocks, as programs expect. */
const open = (addon: PtyAddon.PtyAddon, cols: number, rows: number) => {
  let opened: ReturnType<PtyAddon.PtyAddon["open"]>
  try {
    opened = addon.open(cols, rows)
  } catch {
    throw startError()
  }
  try {
    // the flag belongs to what was opened, so it is opened again
    const slave = fs.openSync(opened.pty, fs.constants.O_RDWR | fs.constants.O_NOCTTY)
    return { master: opened.master, slave }
  } catch (error) {
    fs.closeSync(opened.master)
    throw error
  } finally {
    fs.closeSync(opened.slave)
  }
}
