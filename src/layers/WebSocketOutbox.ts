/** The sending side of a WebSocket, with an eye on how much the client has not taken. */
import type { Socket } from "node:net"
import * as Effect from "effect/Effect"
import type { WebSocket } from "ws"
import type { Outbox } from "../services/Connection.ts"

/** Unsent bytes above which streams wait: enough to keep a fast client busy between two turns of the event loop. */
export const HIGH_WATER_BYTES = 1024 * 1024

const TEXT = { binary: false }

export const make = (webSocket: WebSocket, socket: Socket): Outbox => {
  const waiting: Array<() => void> = []
  const release = () => {
    for (const resume of waiting.splice(0)) resume()
  }
  socket.on("drain", release)
  socket.on("close", release)
  return {
    send: (frame) => {
      if (webSocket.readyState === webSocket.OPEN) webSocket.send(frame, TEXT)
    },
    drained: Effect.suspend(() =>
      socket.destroyed || socket.writableLength < HIGH_WATER_BYTES
        ? Effect.void
        : Effect.callback((resume) => {
            waiting.push(() => resume(Effect.void))
          })
    )
  }
}
