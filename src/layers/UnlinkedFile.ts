/**
 * Files that never have a name, to hand something to a program by descriptor: no command that can write the
 * directory can open one, and they go with the last descriptor.
 */
import * as fs from "node:fs"
import * as os from "node:os"

/** open(2); Node does not name it. The other half of it is O_DIRECTORY, whose value depends on the architecture. */
const O_TMPFILE = 0o20000000 | fs.constants.O_DIRECTORY
const FLAGS = O_TMPFILE | fs.constants.O_EXCL | fs.constants.O_RDWR

/** Not every file system has such files; the one of shared memory has them, and is the fastest. */
const DIRECTORIES: ReadonlyArray<string> = ["/dev/shm", os.tmpdir(), "/var/tmp", "/run"]

let working = 0

/** A descriptor, for reading from the beginning and for writing. Throws an error with a code. */
export const open = (content: Uint8Array = new Uint8Array()): number => {
  const fd = openEmpty()
  try {
    const written = fs.writeSync(fd, content, 0, content.length, 0)
    // a file system that is full takes a part
    if (written < content.length) throw Object.assign(new Error("short write"), { code: "ENOSPC" })
    return fd
  } catch (error) {
    fs.closeSync(fd)
    throw error
  }
}

/** In the first directory that can. */
const openEmpty = (): number => {
  for (;;) {
    try {
      return fs.openSync(DIRECTORIES[working]!, FLAGS, 0o600)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === "EMFILE" || code === "ENFILE" || working === DIRECTORIES.length - 1) throw error
      working++
    }
  }
}

/** What is in it from a byte on, as text. */
export const text = (fd: number, from: number): string => {
  const bytes = Buffer.alloc(fs.fstatSync(fd).size - from)
  return bytes.toString("utf8", 0, fs.readSync(fd, bytes, 0, bytes.length, from))
}
