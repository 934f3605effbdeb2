/**
 * The few libc calls that Node lacks, through koffi, an optional dependency with prebuilt binaries.
 *
 * Without it (no binary for this machine, or EFFECT_APP_SERVER_NATIVE=off) the server runs with weaker
 * guarantees; the README's table says which.
 */
import { createRequire } from "node:module"
import * as os from "node:os"
import type { ExitStatus } from "../services/ProcessSpawner.ts"
import * as PosixSpawn from "./PosixSpawn.ts"
import * as PosixTerminal from "./PosixTerminal.ts"
import type * as StringArray from "./StringArray.ts"

/** Bits of `poll(2)`, POLLIN and POLLHUP: there is something to read; nobody writes anymore. */
export const READABLE = 0x1
export const ENDED = 0x10

export interface Native {
  /** Makes this process the parent of every orphan among its descendants (`prctl(2)`, PR_SET_CHILD_SUBREAPER). */
  readonly becomeSubreaper: () => void
  /**
   * Runs `start` while the soft RLIMIT_RTTIME of this process is `mark`, so that what it starts inherits the mark.
   * The limit has no other effect: nothing here runs under real-time scheduling.
   */
  readonly marked: <A>(mark: bigint, start: () => A) => A
  /** Keeps a descriptor from the programs that are started from now on. */
  readonly closeOnExec: (fd: number) => void
  /** A pipe whose ends no program inherits: the end to read from and the end to write to. Throws an errno code. */
  readonly pipe: () => readonly [read: number, write: number]
  /** Starts a program, under the mark if there is one; its end is for `wait` to tell. Throws an errno code. */
  readonly spawn: (program: PosixSpawn.Program) => number
  readonly terminal: PosixTerminal.PosixTerminal
  /** What can be said of each of these descriptors at once: `READABLE`, `ENDED`, both, or 0 for nothing. */
  readonly poll: (fds: ReadonlyArray<number>) => ReadonlyArray<number>
  /** SIGKILL to a process, or to a group if the number is negative; nothing where there is none. */
  readonly kill: (pid: number) => void
  /** Takes the exit status of a child, so that no zombie stays; nothing as long as it runs. */
  readonly wait: (pid: number) => ExitStatus | undefined
}

/** From the headers of Linux; the same on x86-64 and arm64. */
const PR_SET_CHILD_SUBREAPER = 36
const RLIMIT_RTTIME = 15
const F_SETFD = 2
const FD_CLOEXEC = 1
const O_CLOEXEC = 0o2000000
const WNOHANG = 1
const SIGKILL = 9

interface Koffi {
  readonly load: (library: null) => PosixSpawn.Library
  readonly errno: () => number
  readonly address: StringArray.AddressOf
  readonly os: { readonly errno: Readonly<Record<string, number>> }
}

const bind = (): Native => {
  const koffi = createRequire(import.meta.url)("koffi") as Koffi
  const libc = koffi.load(null)
  const prctl = libc.func("int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)")
  const getrlimit = libc.func("int getrlimit(int, _Out_ uint64_t *)")
  const setrlimit = libc.func("int setrlimit(int, const uint64_t *)")
  const fcntl = libc.func("int fcntl(int, int, int)")
  const pipe2 = libc.func("int pipe2(_Out_ int *, int)")
  const poll = libc.func("int poll(void *, unsigned long, int)")
  const kill = libc.func("int kill(int, int)")
  const waitpid = libc.func("int waitpid(int, _Out_ int *, int)")

  const posixSpawn = PosixSpawn.bind(libc, koffi.address)

  const codes = new Map(Object.entries(koffi.os.errno).map(([code, number]) => [number, code]))
  const failure = (errno: number, call: string) => {
    const code = codes.get(errno) ?? "EIO"
    return Object.assign(new Error(`${call}: ${code}`), { code })
  }
  const checked = (result: number, call: string) => {
    if (result >= 0) return result
    throw failure(koffi.errno(), call)
  }

  const unmarked = new BigUint64Array(2)
  checked(getrlimit(RLIMIT_RTTIME, unmarked), "getrlimit")
  const limit = unmarked.slice()
  const status = new Int32Array(1)
  return {
    becomeSubreaper: () => checked(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl"),
    marked: (mark, start) => {
      limit[0] = mark
      checked(setrlimit(RLIMIT_RTTIME, limit), "setrlimit")
      try {
        return start()
      } finally {
        setrlimit(RLIMIT_RTTIME, unmarked)
      }
    },
    closeOnExec: (fd) => checked(fcntl(fd, F_SETFD, FD_CLOEXEC), "fcntl"),
    pipe: () => {
      const ends = new Int32Array(2)
      checked(pipe2(ends, O_CLOEXEC), "pipe2")
      return [ends[0]!, ends[1]!]
    },
    spawn: (program) => {
      const started = posixSpawn(program)
      if ("errno" in started) throw failure(started.errno, "posix_spawn")
      return started.pid
    },
    terminal: PosixTerminal.bind(libc, checked),
    poll: (fds) => {
      // struct pollfd: the descriptor; what is asked for, and in the upper half what there is
      const polled = new Int32Array(2 * fds.length)
      for (let i = 0; i < fds.length; i++) {
        polled[2 * i] = fds[i]!
        polled[2 * i + 1] = READABLE
      }
      poll(polled, fds.length, 0)
      return fds.map((_, i) => polled[2 * i + 1]! >>> 16)
    },
    // Node's own throws where there is nobody, which is the rule after an exit, and costs more than all else there
    kill: (pid) => void kill(pid, SIGKILL),
    wait: (pid) => (waitpid(pid, status, WNOHANG) === pid ? exitStatus(status[0]!) : undefined)
  }
}

const SIGNAL_NAMES = new Map(Object.entries(os.constants.signals).map(([name, signal]) => [signal, name]))

/** What `waitpid(2)` says of a child that has ended. */
const exitStatus = (status: number): ExitStatus => {
  const signal = status & 0x7f
  return signal === 0
    ? { code: (status >> 8) & 0xff }
    : { signal, name: SIGNAL_NAMES.get(signal) ?? `signal ${signal}` }
}

/** Why the calls are not even tried, if they are not. */
export const excluded = (): string | undefined => {
  if (process.platform !== "linux") return `not written for ${process.platform}`
  return process.env["EFFECT_APP_SERVER_NATIVE"] === "off" ? "EFFECT_APP_SERVER_NATIVE=off" : undefined
}

/** Binds the calls, and shows that each works here; says why not. */
export const load = (): { readonly native: Native } | { readonly unavailable: string } => {
  const reason = excluded()
  if (reason !== undefined) return { unavailable: reason }
  try {
    const native = bind()
    native.becomeSubreaper()
    // the hard limit may be too low for a mark
    native.marked(2n ** 62n, () => {})
    return { native }
  } catch (error) {
    return { unavailable: error instanceof Error ? error.message.split("\n", 1)[0]! : String(error) }
  }
}
