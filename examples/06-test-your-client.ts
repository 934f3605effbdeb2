// Tests a client against the real protocol, with programs that are Effects: whatever they write, and however it is cut.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema, Stream } from "effect"
import { AppServer, AppServerClient } from "effect-app-server"

/** The client under test: how often a command writes each word. */
const countWords = Effect.fn("countWords")(function* (command: ReadonlyArray<string>) {
  const client = yield* AppServerClient.make({ clientInfo: { name: "word-counter", version: "1" } })
  const running = yield* client.exec({ command })
  const text = yield* running.stdout.pipe(Stream.decodeText(), Stream.mkString)
  const counts = new Map<string, number>()
  for (const word of text.split(/\s+/u).filter((word) => word !== "")) {
    counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  return counts
}, Effect.scoped)

describe("countWords", () => {
  const words = Schema.Array(Schema.Literals(["apple", "pear", "Käse"]))
  const cuts = Schema.Natural.check(Schema.isBetween({ minimum: 1, maximum: 8 }))

  it.effect.prop(
    "counts all words, wherever the chunks of the output end",
    { words, cuts },
    ({ cuts, words }) => {
      const bytes = new TextEncoder().encode(words.join(" "))
      const server = AppServer.layerTest({
        say: Effect.fnUntraced(function* ({ write }) {
          for (let at = 0; at < bytes.length; at += cuts) yield* write(bytes.subarray(at, at + cuts))
          return 0
        })
      })
      return Effect.gen(function* () {
        const counts = yield* countWords(["say"])
        for (const word of new Set(words)) {
          assert.strictEqual(counts.get(word), words.filter((other) => other === word).length)
        }
      }).pipe(Effect.provide(server))
    }
  )
})
