import { Console, Effect, Stream } from "effect"
import { AppServerClient, WebSocketClient } from "effect-app-server/client"

const program = Effect.gen(function* () {
  const client = yield* AppServerClient.make({ clientInfo: { name: "me", version: "1" } })
  const sort = yield* client.exec({ command: ["sort"], streamStdin: true })
  yield* sort.write("pear\napple\n")
  yield* sort.closeStdin
  yield* sort.stdout.pipe(Stream.decodeText(), Stream.splitLines, Stream.runForEach(Console.log))
  console.log(yield* sort.exit)
})
const server = WebSocketClient.layer({ url: "ws://127.0.0.1:4500" })
await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(server)))
