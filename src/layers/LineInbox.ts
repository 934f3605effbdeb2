/**
 * The receiving side of a stream of lines, which can be held back: each line is one message. While it is held back
 * the stream is not read, so what the client writes waits in the system's buffers and then with the client.
 */
import { isUtf8 } from "node:buffer"
import type { Readable } from "node:stream"
import { MAX_MESSAGE_BYTES } from "../services/Connection.ts"

const NEWLINE = 10
const NOTHING = Buffer.alloc(0)

export interface LineReader {
  /** A line, without its newline; what stands behind the last newline is one, too. */
  readonly line: (text: string) => void
  /** No more lines come: the stream has ended, or there is a problem with what came. */
  readonly end: (problem?: string) => void
}

export class LineInbox {
  readonly #stream: Readable
  readonly #maxBytes: number
  /** The beginning of a line whose end has not come. */
  #begun: Array<Buffer> = []
  #begunBytes = 0
  /** Read, but not looked at, because it was held back meanwhile. */
  #held: Buffer = NOTHING
  #paused = false
  /** The stream has ended. A stream says so behind its last chunk even when that one paused it. */
  #finished = false
  #ended = false
  #reader: LineReader = { line: () => {}, end: () => {} }

  /** @param maxBytes the longest line */
  constructor(stream: Readable, maxBytes = MAX_MESSAGE_BYTES) {
    this.#stream = stream
    this.#maxBytes = maxBytes
  }

  /** Hands on each line from now on. */
  start(reader: LineReader): void {
    this.#reader = reader
    this.#stream.on("data", this.#read)
    this.#stream.on("end", this.#finish)
    this.#stream.on("close", this.#finish) // also without an end
  }

  /** Hands on nothing from now on. The stream stays open. */
  stop(): void {
    this.#ended = true
    this.#stream.off("data", this.#read)
    this.#stream.off("end", this.#finish)
    this.#stream.off("close", this.#finish)
    this.#stream.pause()
  }

  pause(): void {
    this.#paused = true
    this.#stream.pause()
  }

  resume(): void {
    this.#paused = false
    const held = this.#held
    this.#held = NOTHING
    this.#read(held) // an answer may pause it again
    if (this.#paused || this.#ended) return
    if (this.#finished) this.#finish()
    else this.#stream.resume()
  }

  readonly #read = (chunk: Buffer): void => {
    let start = 0
    while (!this.#paused && !this.#ended) {
      const end = chunk.indexOf(NEWLINE, start)
      this.#add(chunk.subarray(start, end < 0 ? undefined : end))
      if (end < 0) return
      this.#complete()
      start = end + 1
    }
    this.#held = chunk.subarray(start)
  }

  readonly #finish = (): void => {
    this.#finished = true
    if (this.#paused) return
    if (this.#begunBytes > 0) this.#complete()
    this.#end()
  }

  #add(piece: Buffer): void {
    this.#begun.push(piece)
    this.#begunBytes += piece.length
    if (this.#begunBytes > this.#maxBytes) this.#end(`a line has more than ${this.#maxBytes} bytes`)
  }

  #complete(): void {
    if (this.#ended) return
    const line = this.#begun.length === 1 ? this.#begun[0]! : Buffer.concat(this.#begun)
    this.#begun = []
    this.#begunBytes = 0
    if (isUtf8(line)) this.#reader.line(line.toString())
    else this.#end("a line is not valid UTF-8")
  }

  #end(problem?: string): void {
    if (this.#ended) return
    this.stop()
    this.#reader.end(problem)
  }
}
