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
}

interface Watched extends Peer {
  bytesRead: number
  /** Beats without a byte from it. */
  silent: number
}

/** Ends with the Scope. */
export const make: Effect.Effect<Heartbeat, never, Scope.Scope> = Effect.gen(function* () {
  const scope = yield* Effect.scope
  const run = Effect.runForkWith(yield* Effect.context<never>())
  const peers = new Set<Watched>()
  const beats = Effect.sleep(BEAT_MS).pipe(
    Effect.andThen(Effect.sync(() => peers.forEach(look))),
    Effect.forever
  )
  let beating: Fiber.Fiber<never> | undefined
  return {
    watch: ({ socket, webSocket }) => {
      // -1 is no count of bytes: the time up to the first beat is no whole one
      const watched: Watched = { socket, webSocket, bytesRead: -1, silent: 0 }
      peers.add(watched)
      beating ??= Fiber.runIn(run(beats), scope)
      return () => {
        peers.delete(watched)
        if (peers.size > 0) return
        beating?.interruptUnsafe()
        beating = undefined
      }
    }
  }
})

const look = (peer: Watched): void => {
  const { bytesRead, writableLength } = peer.socket
  if (bytesRead !== peer.bytesRead || writableLength > 0) {
    peer.bytesRead = bytesRead
    peer.silent = 0
    return
  }
  const silence = ++peer.silent * BEAT_MS
  if (silence === PING_AFTER_MS) peer.webSocket.ping()
  if (silence === GONE_AFTER_MS) peer.webSocket.terminate()
}
