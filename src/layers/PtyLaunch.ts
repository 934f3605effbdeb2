/**
 * Starts a launcher on a new terminal of node-pty's addon. It is not the terminal's session that it leads: the command
 * inside takes the terminal for a session of its own, so that keys, ^C and SIGWINCH reach the command and nothing
 * around it.
 */
import * as ChildProcess from "node:child_process"
import * as fs from "node:fs"
import type { Launcher } from "../services/ProcessSpawner.ts"
import { childStatus, commandStatus, type ProcessHost } from "./ProcessHost.ts"
import type { Pty, PtyRequest } from "./Pty.ts"
import * as PtyAddon from "./PtyAddon.ts"
import { lookout, startError } from "./PtyFork.ts"

/** Throws an error with a code. */
export const launch = (
  host: ProcessHost,
  { mark, onExit, size: { cols, rows }, spec: { argv, cwd } }: PtyRequest,
  launcher: Launcher
): Pty => {
  const addon = PtyAddon.load()
  const { master, slave } = open(addon, cols, rows)
  try {
    host.descriptors.keep(master)
    const [file, ...args] = launcher.wrap(argv, true)
    const start = () =>
      ChildProcess.spawn(file, args, {
        cwd,
        env: { ...launcher.env, ...host.environment(mark) },
        detached: true,
        stdio: [slave, slave, slave, ...host.descriptors.passed(launcher.descriptors)]
      })
    const child = host.start(mark, start, ({ pid }) => pid)
    child.on("error", () => {}) // the missing pid says it already
    if (child.pid === undefined) throw startError()
    child.on("exit", (code, signal) => onExit(commandStatus(launcher, childStatus(code, signal))))
    return {
      pid: child.pid,
      master,
      slave,
      resize: ({ cols, rows }) => addon.resize(master, cols, rows, 0, 0),
      lookout
    }
  } catch (error) {
    host.descriptors.closed(master)
    fs.closeSync(master)
    fs.closeSync(slave)
    throw error
  }
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
