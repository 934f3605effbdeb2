// Talks to a server as any program could, and shows every message: > is sent, < comes.
import { WebSocket } from "ws"

const [url = "ws://127.0.0.1:4500"] = process.argv.slice(2)
const socket = new WebSocket(url)
const send = (message) => {
  console.log(`> ${JSON.stringify(message)}`)
  socket.send(JSON.stringify(message))
}
socket.on("open", () => {
  send({ id: 1, method: "initialize", params: { clientInfo: { name: "me", version: "1" } } })
  const command = ["sh", "-c", "for i in 1 2; do echo line $i; sleep 1; done"]
  send({ id: 2, method: "command/exec", params: { command, processId: "lines", streamStdoutStderr: true } })
})
socket.on("message", (data) => {
  console.log(`< ${data}`)
  const { id } = JSON.parse(data)
  if (id === 2) send({ id: 3, method: "command/exec", params: { command: ["touch", "built"] } })
  if (id === 3) socket.close()
})
