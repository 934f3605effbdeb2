import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Writable } from "node:stream"
import * as ws from "ws"
import * as TextFrame from "../../src/layers/TextFrame.ts"
import { RUNS } from "../support/runs.ts"

/** Missing in the types. */
const { Receiver } = ws as unknown as { readonly Receiver: new (options: { isServer: boolean }) => Writable }

/** What the library makes of what was sent. */
const received = (bytes: Buffer) =>
  Effect.callback<ReadonlyArray<string>>((resume) => {
    const receiver = new Receiver({ isServer: false })
    const messages: Array<string> = []
    receiver.on("message", (data: Buffer, isBinary: boolean) => {
      assert.isFalse(isBinary)
      messages.push(data.toString())
    })
    receiver.write(bytes, () => resume(Effect.succeed(messages)))
  })

describe("a text frame in one piece", () => {
  it.effect.prop(
    "is received as the text that it was made of",
    { text: Schema.String },
    ({ text }) =>
      Effect.gen(function* () {
        // a lone surrogate has no UTF-8
        assert.deepStrictEqual(yield* received(TextFrame.make(text)), [Buffer.from(text).toString()])
      }),
    { arbitrary: { runs: RUNS } }
  )

  for (const character of ["a", "é", "€", "😀"]) {
    it.effect(`counts the bytes of ${character} at each border of its length`, () =>
      Effect.gen(function* () {
        const texts = [0, 1, 31, 32, 41, 42, 62, 63, 125, 126, 127, 8191, 8192, TextFrame.MAX_SMALL_TEXT]
          .map((length) => character.repeat(length))
          .filter((text) => text.length <= TextFrame.MAX_SMALL_TEXT)
        const frames = Buffer.concat(texts.map(TextFrame.make))
        assert.deepStrictEqual(yield* received(frames), texts)
      })
    )
  }
})

describe("a text frame in pieces", () => {
  for (const length of [0, 125, 126, 0xffff, 0x10000, 3_000_000]) {
    it.effect(`announces ${length} bytes`, () =>
      Effect.gen(function* () {
        const payload = Buffer.alloc(length, "a")
        const frame = Buffer.concat([TextFrame.header(length), payload])
        assert.deepStrictEqual(yield* received(frame), [payload.toString()])
      })
    )
  }
})
