/**
 * Terminals through calls of libc. No program inherits one, the system's errors are exact, and what a terminal does
 * with keys and lines is what node-pty sets, so that both ways give a program the same.
 */
import type { CommandExecTerminalSize } from "../rpc/CommandExec.ts"
import type { Library } from "./PosixSpawn.ts"

export interface PosixTerminal {
  /** A new terminal: the server's side, which does not block, and the path of the program's. Throws an errno code. */
  readonly open: (size: CommandExecTerminalSize) => { readonly master: number; readonly path: string }
  /** Tells the terminal its size, and the programs in its foreground by SIGWINCH. */
  readonly resize: (master: number, size: CommandExecTerminalSize) => void
  /** Whether output can be read at once. Does not wait for what the kernel is about to bring, as a poll would. */
  readonly isReadable: (master: number) => boolean
}

/** From the headers of Linux; the same on x86-64 and arm64. */
const O_RDWR = 0o2
const O_NOCTTY = 0o400
const O_NONBLOCK = 0o4000
const O_CLOEXEC = 0o2000000
const TCGETS = 0x5401
const TCSETS = 0x5402
const TIOCSWINSZ = 0x5414
const FIONREAD = 0x541b
/** The kernel's `struct termios`: four words of flags, the line discipline, the control characters. */
const TERMIOS_BYTES = 36
const INPUT_FLAGS = 0
const CONTROL_FLAGS = 2
const CHARACTERS = 17
const VEOL = 11
const VEOL2 = 16
const BRKINT = 0o2
const IXANY = 0o4000
const IMAXBEL = 0o20000
const IUTF8 = 0o40000
const HUPCL = 0o2000
/** More than any name below /dev/pts. */
const PATH_BYTES = 64

/** Binds the calls; `checked` throws what the system says of a negative result. */
export const bind = (libc: Library, checked: (result: number, call: string) => number): PosixTerminal => {
  const openpt = libc.func("int posix_openpt(int)")
  const grantpt = libc.func("int grantpt(int)")
  const unlockpt = libc.func("int unlockpt(int)")
  const ptsname = libc.func("int ptsname_r(int, void *, size_t)")
  const ioctl = libc.func("int ioctl(int, unsigned long, void *)")
  const close = libc.func("int close(int)")

  const termios = Buffer.alloc(TERMIOS_BYTES)
  const flags = new Uint32Array(termios.buffer, termios.byteOffset, 4)
  const window = new Uint16Array(4)
  const path = Buffer.alloc(PATH_BYTES)
  const readable = new Int32Array(1)

  const resize: PosixTerminal["resize"] = (master, { cols, rows }) => {
    window.set([rows, cols])
    checked(ioctl(master, TIOCSWINSZ, window), "ioctl")
  }
  /** What the kernel begins with is a terminal of lines with an echo; node-pty's differs in this. */
  const prepare = (master: number) => {
    checked(ioctl(master, TCGETS, termios), "ioctl")
    flags[INPUT_FLAGS]! |= BRKINT | IXANY | IMAXBEL | IUTF8
    flags[CONTROL_FLAGS]! |= HUPCL
    termios[CHARACTERS + VEOL] = termios[CHARACTERS + VEOL2] = 0xff
    checked(ioctl(master, TCSETS, termios), "ioctl")
  }
  return {
    resize,
    isReadable: (master) => ioctl(master, FIONREAD, readable) !== 0 || readable[0]! > 0,
    open: (size) => {
      const master = checked(openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK), "posix_openpt")
      try {
        checked(grantpt(master), "grantpt")
        checked(unlockpt(master), "unlockpt")
        if (ptsname(master, path, PATH_BYTES) !== 0) checked(-1, "ptsname_r")
        prepare(master)
        resize(master, size)
        return { master, path: path.toString("latin1", 0, path.indexOf(0)) }
      } catch (error) {
        close(master)
        throw error
      }
    }
  }
}
