// Builds on the server, shows what the build says as it says it, and builds again whenever a source changes.
import * as path from "node:path"
import { Console, Effect, Stream } from "effect"
import { AppServerClient, WebSocketClient } from "effect-app-server/client"

const sources = path.resolve("sources")
const command = [
  "sh",
  "-c",
  "echo building; cat sources/*.txt; ls sources/broken.txt 2>/dev/null && exit 1; exit 0"
]

const watch = Effect.gen(function* () {
  const client = yield* AppServerClient.make({ clientInfo: { name: "build-watcher", version: "1" } })

  const build = Effect.gen(function* () {
    const running = yield* client.exec({ command, cwd: path.dirname(sources), timeoutMs: 60_000 })
    yield* running.output.pipe(
      Stream.map(({ bytes }) => bytes),
      Stream.decodeText(),
      Stream.splitLines,
      Stream.runForEach((line) => Console.log(`| ${line}`))
    )
    const { exitCode } = yield* running.exit
    yield* Console.log(exitCode === 0 ? "built" : `failed with ${exitCode}`)
  }).pipe(Effect.scoped)

  yield* client.request("fs/watch", { watchId: "sources", path: sources })
  yield* build
  yield* client.notifications("fs/changed").pipe(Stream.runForEach(() => build))
})

const server = WebSocketClient.layer({ url: "ws://127.0.0.1:4500" })
await Effect.runPromise(watch.pipe(Effect.scoped, Effect.provide(server)))
