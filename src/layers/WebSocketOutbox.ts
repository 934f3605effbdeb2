/** The sending side of a WebSocket, with an eye on how much the client has not taken. */
import type { Socket } from "node:net"
import type { WebSocket } from "ws"
import type { Outbox } from "../services/Connection.ts"
import * as Backlog from "./Backlog.ts"

const TEXT = { binary: false }

export const make = (webSocket: WebSocket, socket: Socket, options: Backlog.BacklogOptions): Outbox => {
  const backlog = Backlog.make(socket, options)
  webSocket.on("ping", backlog.sent) // the pong is sent without us
  socket.on("drain", backlog.taken)
  socket.on("close", backlog.taken)
  return {
    send: (frame) => {
      if (webSocket.readyState !== webSocket.OPEN) return
      webSocket.send(frame, TEXT, backlog.taken)
      backlog.sent()
    },
    drained: backlog.drained
  }
}
