import { Readable } from "node:stream"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { LineInbox } from "../../src/layers/LineInbox.ts"
import { MAX_MESSAGE_BYTES } from "../../src/services/Connection.ts"
import { RUNS } from "../support/runs.ts"

/** What comes of these pieces: the lines, and at last how it ended. `onLine` may hold the inbox back. */
const read = (pieces: Iterable<Uint8Array>, onLine: (inbox: LineInbox, n: number) => void = () => {}) =>
  Effect.callback<{ readonly lines: ReadonlyArray<string>; readonly problem: string | undefined }>(
    (resume) => {
      const lines: Array<string> = []
      const inbox = new LineInbox(Readable.from(pieces, { objectMode: false }))
      inbox.start({
        line: (text) => {
          lines.push(text)
          onLine(inbox, lines.length)
        },
        end: (problem) => resume(Effect.succeed({ lines, problem }))
      })
    }
  )

/** Cuts bytes at these places. */
const cut = (bytes: Buffer, places: ReadonlyArray<number>): ReadonlyArray<Buffer> => {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end))
}

const Line = Schema.Literals(["", " ", "{}", "\r", "ä€😀", "x".repeat(100)])
const script = {
  lines: Schema.Array(Line),
  places: Schema.Array(Schema.Natural),
  terminated: Schema.Boolean
}

describe("LineInbox", () => {
  it.effect.prop(
    "reads the same lines however they are cut, and the last one without its newline, too",
    script,
    ({ lines, places, terminated }) =>
      Effect.gen(function* () {
        const bytes = Buffer.from(lines.join("\n") + (terminated ? "\n" : ""))
        const expected = bytes.toString().split("\n")
        // nothing behind the last newline is no line
        if (expected.at(-1) === "") expected.pop()
        assert.deepStrictEqual(yield* read(cut(bytes, places)), { lines: expected, problem: undefined })
      }),
    { arbitrary: { runs: RUNS } }
  )

  it.effect.prop(
    "loses and repeats nothing when it is held back at any line",
    { ...script, stops: Arbitrary.schema(Schema.Array(Schema.Boolean)) },
    ({ lines, places, stops }) =>
      Effect.gen(function* () {
        let held = 0
        const { lines: got } = yield* read(
          cut(Buffer.from(lines.map((line) => `${line}\n`).join("")), places),
          (inbox, n) => {
            assert.strictEqual(held, 0, "a line while it is held back")
            if (stops[n % (stops.length + 1)] !== true) return
            inbox.pause()
            held++
            setImmediate(() => {
              held--
              inbox.resume()
            })
          }
        )
        assert.deepStrictEqual(got, lines)
      }),
    { arbitrary: { runs: RUNS } }
  )

  it.effect("takes a line of 16 MiB, and ends with one that is longer, whether its end has come or not", () =>
    Effect.gen(function* () {
      const full = Buffer.alloc(MAX_MESSAGE_BYTES, "x")
      const first = Buffer.from("first\n")
      const all = yield* read([first, full, Buffer.from("\nlast")])
      assert.deepStrictEqual(
        all.lines.map((line) => line.length),
        [5, MAX_MESSAGE_BYTES, 4]
      )
      for (const rest of ["x", "x\nlast\n"]) {
        assert.deepStrictEqual(yield* read([first, full, Buffer.from(rest)]), {
          lines: ["first"],
          problem: "a line has more than 16777216 bytes"
        })
      }
    })
  )

  it.effect("does not keep more than that", () =>
    Effect.gen(function* () {
      let pieces = 0
      const piece = Buffer.alloc(64 * 1024, "x")
      const endless = function* () {
        for (;;) {
          pieces++
          yield piece
        }
      }
      const { problem } = yield* read(endless())
      assert.isDefined(problem)
      assert.isBelow(pieces * piece.length, MAX_MESSAGE_BYTES + 256 * 1024)
    })
  )

  it.effect("ends with a line that is no UTF-8", () =>
    Effect.gen(function* () {
      for (const bad of ["ff", "c3", "eda080", "c080"]) {
        assert.deepStrictEqual(
          yield* read([Buffer.from("a\nb"), Buffer.from(`${bad}0a`, "hex"), Buffer.from("c\n")]),
          { lines: ["a"], problem: "a line is not valid UTF-8" }
        )
      }
    })
  )

  it.effect("hands on nothing once it is stopped", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const stream = Readable.from([Buffer.from("a\nb\nc")], { objectMode: false })
      const inbox = new LineInbox(stream)
      inbox.start({
        line: (text) => {
          seen.push(text)
          inbox.stop()
        },
        end: () => seen.push("end")
      })
      yield* Effect.callback<void>((resume) => {
        stream.once("data", () => setImmediate(() => resume(Effect.void)))
      })
      assert.deepStrictEqual(seen, ["a"])
      assert.strictEqual(stream.listenerCount("end"), 0)
    })
  )
})
