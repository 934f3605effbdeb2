/**
 * Notices peers that are gone without a word, by their silence: a pulled cable, a suspended machine. A peer for
 * which something is unsent is slow, not gone, and a paused client answers no ping, so nothing ends it here; the
 * system's own retransmission timeout does if nobody is there. What the system took counts as sent.
 *
 * One timer serves all peers, and none runs without peers. Silence is counted in its beats, not by the time of
 * day, so a machine that slept, or a server that was stopped, does not mistake its own absence for theirs.
 */
import type { Socket } from "node:net"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { WebSocket } from "ws"

/** How often all peers are looked at: silence is noticed so much too late at most, 1 ms of work for thousands. */
export const BEAT_MS = 5_000
/** The silence after which a peer is pinged: routers forget quiet connections after a minute or more. */
export const PING_AFTER_MS = 30_000
/** The silence after which a peer is gone: a minute for the answer to the ping, the slowest networks included. */
export const GONE_AFTER_MS = 90_000

export interface Peer {
  readonly socket: Pick<Socket, "bytesRead" | "writableLength">
  readonly webSocket: Pick<WebSocket, "ping" | "terminate">
}

export interface Heartbeat {
  /** Watches this peer until the function that comes back is called. */
  readonly watch: (peer: Peer) => () => void
  /**
   * Tells this peer, which is not read and so gets no answer to its pings, that somebody is here, until the function
   * that comes back is called. A pong that nobody asked for is for this (RFC 6455, 5.5.3).
   */
  readonly assure: (webSocket: Pick<WebSocket, "pong">) => () => void
}

/** Ends with the Scope. */
export const make: Effect.Effect<Heartbeat, never, Scope.Scope> = Effect.gen(function* () {
  const scope = yield* Effect.scope
  const run = Effect.runForkWith(yield* Effect.context<never>())
  const hearts = new Set<Heart>()
  const beats = Effect.sleep(BEAT_MS).pipe(
    Effect.andThen(Effect.sync(() => hearts.forEach((heart) => heart.beat()))),
    Effect.forever
  )
  let beating: Fiber.Fiber<never> | undefined
  const start = (heart: Heart) => {
    hearts.add(heart)
    beating ??= Fiber.runIn(run(beats), scope)
    return () => {
      hearts.delete(heart)
      if (hearts.size > 0) return
      beating?.interruptUnsafe()
      beating = undefined
    }
  }
  return {
    watch: (peer) => start(new Watch(peer)),
    assure: (webSocket) => start(new Assurance(webSocket))
  }
})

interface Heart {
  readonly beat: () => void
}

class Watch implements Heart {
  readonly #peer: Peer
  /** -1 is no count of bytes: the time up to the first beat is no whole one. */
  #bytesRead = -1
  /** Beats without a byte from it. */
  #silent = 0

  constructor(peer: Peer) {
    this.#peer = peer
  }

  beat(): void {
    const { socket, webSocket } = this.#peer
    if (socket.bytesRead !== this.#bytesRead || socket.writableLength > 0) {
      this.#bytesRead = socket.bytesRead
      this.#silent = 0
      return
    }
    const silence = ++this.#silent * BEAT_MS
    if (silence === PING_AFTER_MS) webSocket.ping()
    if (silence === GONE_AFTER_MS) webSocket.terminate()
  }
}

class Assurance implements Heart {
  readonly #webSocket: Pick<WebSocket, "pong">
  #beats = 0

  constructor(webSocket: Pick<WebSocket, "pong">) {
    this.#webSocket = webSocket
  }

  beat(): void {
    if ((++this.#beats * BEAT_MS) % PING_AFTER_MS === 0) this.#webSocket.pong()
  }
}
