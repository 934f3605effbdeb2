/** The sending side of a WebSocket, with an eye on how much the client has not taken. */
import type { Socket } from "node:net"
import type { WebSocket } from "ws"
import type { Outbox } from "../services/Connection.ts"
import * as LongText from "../services/LongText.ts"
import * as Backlog from "./Backlog.ts"
import * as TextFrame from "./TextFrame.ts"

const TEXT = { binary: false }

export const make = (webSocket: WebSocket, socket: Socket, options: Backlog.BacklogOptions): Outbox => {
  const { drained, isDrained, measure, written } = Backlog.make(socket, options)
  webSocket.on("ping", measure) // the pong is sent without us
  socket.on("drain", written)
  socket.on("close", written)
  let corked = false
  const uncork = () => {
    corked = false
    socket.uncork()
  }
  /** What is sent until the end of this turn leaves in one write. */
  const cork = () => {
    if (corked) return
    corked = true
    socket.cork()
    process.nextTick(uncork)
  }
  return {
    send: (frame) => {
      if (webSocket.readyState !== webSocket.OPEN) return
      cork()
      if (typeof frame === "string" && frame.length <= TextFrame.MAX_SMALL_TEXT) {
        socket.write(TextFrame.make(frame), written)
      } else if (typeof frame === "string" || frame instanceof Uint8Array) {
        webSocket.send(frame, TEXT, written)
      } else {
        socket.write(TextFrame.header(LongText.lengthOf(frame)))
        frame.forEach((piece, i) => socket.write(piece, i + 1 < frame.length ? undefined : written))
      }
      measure()
    },
    isDrained,
    drained
  }
}
