/**
 * The pipes between the server and a command. What `child_process` would make are sockets, which no program can
 * open again as /dev/stdin or /dev/stderr.
 */
import * as fs from "node:fs"
import * as net from "node:net"
import type { Readable, Writable } from "node:stream"
import type { Native } from "./Native.ts"
import { readBuffer } from "./ReadBuffer.ts"

/** What a command writes on one stream. */
export interface Source {
  readonly stream: Readable
  /** Begins to read. The bytes are lent, until `take` returns. */
  readonly read: (take: (bytes: Uint8Array) => void) => void
}

/** The server's ends. */
export interface Streams {
  readonly stdin: Writable | null
  readonly stdout: Source
  readonly stderr: Source
}

const source = (fd: number): Source => {
  let take: (bytes: Uint8Array) => void
  const stream = new net.Socket({
    fd,
    readable: true,
    writable: false,
    manualStart: true,
    onread: {
      buffer: readBuffer,
      callback: (length) => {
        take(readBuffer.subarray(0, length))
        return true
      }
    }
  } as net.SocketConstructorOpts)
  return {
    stream,
    read: (taker) => {
      take = taker
      stream.resume()
    }
  }
}

/** The output of a child of Node's. */
export const sourceOf = (stream: Readable): Source => ({ stream, read: (take) => stream.on("data", take) })

export interface Pipes {
  /** For the command, as its descriptors 0, 1 and 2. */
  readonly theirs: ReadonlyArray<number | "ignore">
  /** The server's ends as streams; the command's are closed. */
  readonly ours: () => Streams
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
          stdout: source(output[0]),
          stderr: source(error[0])
        }
      },
      abandon: () => closeAll(opened)
    }
  } catch (error) {
    closeAll(opened)
    throw error
  }
}
