/**
 * The receiving side of a WebSocket: text frames in order, which can be held back. While they are, the socket is
 * not read, so the client's frames wait in the system's buffers and then with the client.
 *
 * A socket that is not read may not see that its peer hung up. It is paused only while megabytes are unsent, and
 * their writing fails as soon as nobody is there to take them.
 */
import type { WebSocket } from "ws"

export class WebSocketInbox {
  readonly #webSocket: WebSocket
  /** What came with the last bytes that were read: 64 KiB, and what they completed. */
  #held: Array<Buffer> = []
  #paused = false
  #receive: (text: string) => void = () => {}

  constructor(webSocket: WebSocket) {
    this.#webSocket = webSocket
  }

  /** Hands on each text frame from now on. */
  start(receive: (text: string) => void): void {
    this.#receive = receive
    this.#webSocket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) return
      if (this.#paused) this.#held.push(data)
      else receive(data.toString())
    })
  }

  pause(): void {
    this.#paused = true
    this.#webSocket.pause()
  }

  resume(): void {
    this.#paused = false
    const held = this.#held
    let next = 0
    // an answer may pause it again
    while (next < held.length && !this.#paused) this.#receive(held[next++]!.toString())
    this.#held = held.slice(next)
    if (!this.#paused) this.#webSocket.resume()
  }
}
