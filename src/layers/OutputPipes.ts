/** What a command writes on its two pipes, until it or somebody else closes them. */
import * as fs from "node:fs"
import * as net from "node:net"
import type { Readable } from "node:stream"
import type { CommandExecOutputStream } from "../rpc/CommandExec.ts"
import type { OutputBuffer } from "../services/OutputBuffer.ts"
import { ENDED, READABLE } from "./Native.ts"
import { readBuffer } from "./ReadBuffer.ts"
import type { Young, YoungPipes } from "./YoungPipes.ts"

export interface OutputPipes {
  /** Begins to read into `output`; not before it must if that is `late`, which makes short commands cheaper. */
  readonly connect: (output: OutputBuffer, late: boolean) => void
  /** The process has ended; what it wrote and nobody read is read. */
  readonly exited: () => void
  readonly destroy: () => void
}

const NAMES: ReadonlyArray<CommandExecOutputStream> = ["stdout", "stderr"]

/** A stream, and what makes it flow. The bytes are lent, until `take` returns. */
interface Source {
  readonly stream: Readable
  readonly read: (take: (bytes: Uint8Array) => void) => void
}

/** Read by Node as it comes. */
const ofSources = (sources: ReadonlyArray<Source>): OutputPipes => {
  // "close" follows
  for (const { stream } of sources) stream.on("error", () => {})
  return {
    connect: (output) => {
      sources.forEach(({ read, stream }, i) => {
        const name = NAMES[i]!
        read((bytes) => output.push(name, bytes))
        const end = () => output.end(name)
        stream.on("close", end)
        stream.on("end", end) // earlier by a turn of the event loop
      })
      output.attach({
        pause: () => sources.forEach(({ stream }) => stream.pause()),
        resume: () => sources.forEach(({ stream }) => stream.resume())
      })
    },
    exited: () => {},
    destroy: () => sources.forEach(({ stream }) => stream.destroy())
  }
}

/** The output of a child of Node's. */
export const ofStreams = (stdout: Readable, stderr: Readable): OutputPipes =>
  ofSources([stdout, stderr].map((stream) => ({ stream, read: (take) => stream.on("data", take) })))

const sourceOf = (fd: number): Source => {
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

/** Pushes what is left in a pipe that nobody writes to anymore. */
const readToEnd = (fd: number, push: (bytes: Uint8Array) => void) => {
  for (let length; (length = fs.readSync(fd, readBuffer)) > 0;) push(readBuffer.subarray(0, length))
}

/** Not read by Node as long as they are young and `late`. */
class UnwatchedPipes implements OutputPipes, Young {
  readonly #young: YoungPipes
  readonly fds: ReadonlyArray<number>
  #output: OutputBuffer | undefined
  #watched: OutputPipes | undefined
  #closed = false

  constructor(young: YoungPipes, fds: ReadonlyArray<number>) {
    this.#young = young
    this.fds = fds
  }

  connect(output: OutputBuffer, late: boolean): void {
    this.#output = output
    if (late) this.#young.add(this)
    else this.watch()
  }

  watch(): void {
    this.#young.delete(this)
    this.#watched = ofSources(this.fds.map(sourceOf))
    this.#watched.connect(this.#output!, false)
  }

  exited(): void {
    const output = this.#output
    if (output === undefined || this.#watched !== undefined || this.#closed) return
    const states = this.#young.poll(this.fds)
    // somebody else may hold them open
    if (!states.every((state) => state & ENDED)) return this.watch()
    this.fds.forEach((fd, i) => {
      if (states[i]! & READABLE) readToEnd(fd, (bytes) => output.push(NAMES[i]!, bytes))
      output.end(NAMES[i]!)
    })
    this.destroy()
  }

  destroy(): void {
    if (this.#watched !== undefined) return this.#watched.destroy()
    if (this.#closed) return
    this.#closed = true
    this.#young.delete(this)
    for (const fd of this.fds) fs.closeSync(fd)
  }
}

/** The server's ends of two pipes, which are closed with it. */
export const ofDescriptors = (young: YoungPipes, fds: ReadonlyArray<number>): OutputPipes =>
  new UnwatchedPipes(young, fds)
