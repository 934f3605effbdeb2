import { Console, Effect, Stream } from "effect"
import { AppServerClient, WebSocketClient } from "effect-app-server/client"

const program = Effect.gen(function* () {
  const client = yield* AppServerClient.make({ clientInfo: { name: "me", version: "1" } })
  const { exit, stdout } = yield* client.exec({ command: ["seq", "3"] })
  yield* stdout.pipe(Stream.decodeText(), Stream.splitLines, Stream.runForEach(Console.log))
  console.log(yield* exit)
}).pipe(Effect.scoped, Effect.provide(WebSocketClient.layer({ url: "ws://127.0.0.1:4500" })))
await Effect.runPromise(program)
