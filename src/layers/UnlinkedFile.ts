/** Files without a name, to hand something to a program by descriptor: they go with the last descriptor. */
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

/** A descriptor, for reading from the beginning and for writing, of a file that nobody else can open. */
export const open = (content: Uint8Array = new Uint8Array()): number => {
  const file = path.join(os.tmpdir(), `effect-app-server-${crypto.randomUUID()}`)
  const fd = fs.openSync(file, "wx+", 0o600)
  fs.unlinkSync(file)
  fs.writeSync(fd, content, 0, content.length, 0)
  return fd
}

/** Another descriptor of the same file, for reading from its beginning. */
export const reopen = (fd: number): number => fs.openSync(`/proc/self/fd/${fd}`, "r")

/** All of it, as text. */
export const text = (fd: number): string => {
  const bytes = Buffer.alloc(fs.fstatSync(fd).size)
  return bytes.toString("utf8", 0, fs.readSync(fd, bytes, 0, bytes.length, 0))
}
