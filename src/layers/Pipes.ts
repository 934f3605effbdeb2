/**
 * The pipes between the server and a command. What `child_process` would make are sockets, which no program can
 * open again as /dev/stdin or /dev/stderr.
 */
import * as fs from "node:fs"
import * as net from "node:net"
import type { Writable } from "node:stream"
import type { Native } from "./Native.ts"

/** The server's ends: the command's stdin as a stream, the other two as they are. */
export interface Ends {
  readonly stdin: Writable | null
  readonly output: ReadonlyArray<number>
}

export interface Pipes {
  /** For the command, as its descriptors 0, 1 and 2. */
  readonly theirs: ReadonlyArray<number | "ignore">
  /** Closes the command's ends. */
  readonly ours: () => Ends
  /** Closes all. */
  readonly abandon: () => void
}

const closeAll = (fds: ReadonlyArray<number>) => {
  for (const fd of fds) fs.closeSync(fd)
}

/** Opens two or three pipes. Throws an error with a code when descriptors have run out. */
export const open = (native: Native, stdin: boolean): Pipes => {
  const opened: Array<number> = []
  const pipe = () => {
    const ends = native.pipe()
    opened.push(...ends)
    return ends
  }
  try {
    const input = stdin ? pipe() : undefined
    const output = pipe()
    const error = pipe()
    return {
      theirs: [input?.[0] ?? "ignore", output[1], error[1]],
      ours: () => {
        closeAll([output[1], error[1], ...(input ? [input[0]] : [])])
        return {
          stdin: input ? new net.Socket({ fd: input[1], readable: false, writable: true }) : null,
          output: [output[0], error[0]]
        }
      },
      abandon: () => closeAll(opened)
    }
  } catch (error) {
    closeAll(opened)
    throw error
  }
}
