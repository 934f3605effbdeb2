import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { MAX_BUFFERED_BYTES, OutputBuffer } from "../../src/services/OutputBuffer.ts"
import { RUNS } from "../support/runs.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (chunk: { readonly bytes: Uint8Array }) => new TextDecoder().decode(chunk.bytes)

const counting = () => {
  const calls = { paused: 0, resumed: 0 }
  return { calls, producer: { pause: () => calls.paused++, resume: () => calls.resumed++ } }
}

const Writes = Schema.Array(
  Schema.Struct({
    stream: Schema.Literals(["stdout", "stderr"]),
    length: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 }))
  })
)

describe("OutputBuffer", () => {
  it.effect("hands over all that came in one pull, in order", () =>
    Effect.gen(function* () {
      const buffer = new OutputBuffer(["stdout", "stderr"], Infinity)
      buffer.push("stdout", bytes("a"))
      buffer.push("stderr", bytes("b"))
      const chunks = yield* buffer.pull
      assert.deepStrictEqual(
        chunks.map((chunk) => [chunk.stream, text(chunk), chunk.capReached]),
        [
          ["stdout", "a", false],
          ["stderr", "b", false]
        ]
      )
    })
  )

  it.effect("lets a reader wait for the first byte and ends when it is closed", () =>
    Effect.gen(function* () {
      const buffer = new OutputBuffer(["stdout"], Infinity)
      const read = yield* Stream.fromPull(Effect.succeed(buffer.pull)).pipe(
        Stream.map(text),
        Stream.runCollect,
        Effect.forkChild({ startImmediately: true })
      )
      buffer.push("stdout", bytes("x"))
      buffer.push("stdout", bytes("y"))
      buffer.close()
      assert.deepStrictEqual((yield* Fiber.join(read)).join(""), "xy")
    })
  )

  it.effect("gives what is left before it ends", () =>
    Effect.gen(function* () {
      const buffer = new OutputBuffer(["stdout"], Infinity)
      buffer.push("stdout", bytes("last"))
      buffer.close()
      buffer.push("stdout", bytes("too late"))
      assert.deepStrictEqual((yield* buffer.pull).map(text), ["last"])
      assert.strictEqual((yield* Effect.flip(buffer.pull))._tag, "Done")
    })
  )

  it.effect("tells the producer to pause at the bound and to resume when the reader has taken all", () =>
    Effect.gen(function* () {
      const buffer = new OutputBuffer(["stdout"], Infinity)
      const { calls, producer } = counting()
      buffer.attach(producer)
      buffer.push("stdout", new Uint8Array(MAX_BUFFERED_BYTES - 1))
      assert.strictEqual(calls.paused, 0)
      buffer.push("stdout", new Uint8Array(1))
      assert.deepStrictEqual(calls, { paused: 1, resumed: 0 })
      assert.isTrue(buffer.takeStalled())
      yield* buffer.pull
      assert.deepStrictEqual(calls, { paused: 1, resumed: 1 })
      assert.isTrue(buffer.takeStalled())
      assert.isFalse(buffer.takeStalled())
    })
  )

  it.effect("keeps what is not taken at once, and behind it all that comes until the reader has it", () =>
    Effect.gen(function* () {
      const buffer = new OutputBuffer(["stdout", "stderr"], Infinity)
      const offered: Array<string> = []
      let takes = true
      buffer.offer((chunk) => {
        offered.push(text(chunk))
        return takes
      })
      const lent = bytes("1")
      const write = (value: string, stream: "stdout" | "stderr" = "stdout") => {
        lent.set(bytes(value))
        buffer.push(stream, lent)
        lent.fill(0)
      }
      write("1")
      takes = false
      write("2")
      takes = true
      write("3", "stderr")
      assert.deepStrictEqual(offered, ["1", "2"])
      assert.deepStrictEqual((yield* buffer.pull).map(text), ["2", "3"])
      write("4")
      assert.deepStrictEqual(offered, ["1", "2", "4"])
      buffer.close()
      assert.strictEqual((yield* Effect.flip(buffer.pull))._tag, "Done")
    })
  )

  it.effect("counts what is taken at once towards the cap", () =>
    Effect.sync(() => {
      const buffer = new OutputBuffer(["stdout"], 3)
      const taken: Array<readonly [string, boolean]> = []
      buffer.offer((chunk) => taken.push([text(chunk), chunk.capReached]) > 0)
      buffer.push("stdout", bytes("ab"))
      buffer.push("stdout", bytes("cd"))
      buffer.push("stdout", bytes("ef"))
      assert.deepStrictEqual(taken, [
        ["ab", false],
        ["c", true]
      ])
      assert.isTrue(buffer.settled)
      assert.deepStrictEqual(buffer.truncatedBytes, { stdout: 3, stderr: 0 })
    })
  )

  it.effect("never pauses for a stream whose cap is full", () =>
    Effect.gen(function* () {
      const buffer = new OutputBuffer(["stdout"], 10)
      const { calls, producer } = counting()
      buffer.attach(producer)
      for (let i = 0; i < 10; i++) buffer.push("stdout", new Uint8Array(MAX_BUFFERED_BYTES))
      assert.strictEqual(calls.paused, 0)
      const chunks = yield* buffer.pull
      assert.deepStrictEqual(
        chunks.map((chunk) => [chunk.bytes.length, chunk.capReached]),
        [[10, true]]
      )
    })
  )

  it.effect("says that a cap of 0 is reached, once, when there is output", () =>
    Effect.gen(function* () {
      const buffer = new OutputBuffer(["stdout"], 0)
      buffer.push("stdout", bytes("abc"))
      buffer.push("stdout", bytes("def"))
      assert.deepStrictEqual(yield* buffer.pull, [
        { stream: "stdout", bytes: new Uint8Array(0), capReached: true }
      ])
    })
  )

  it.effect("is settled when every stream has ended or is full", () =>
    Effect.gen(function* () {
      const buffer = new OutputBuffer(["stdout", "stderr"], 3)
      const settled = yield* Effect.forkChild(buffer.awaitSettled, { startImmediately: true })
      buffer.push("stdout", bytes("abc"))
      assert.isFalse(buffer.settled)
      buffer.end("stderr")
      assert.isTrue(buffer.settled)
      yield* Fiber.join(settled)
    })
  )

  it.effect.prop(
    "keeps the first bytes of each stream up to the cap, in order, and marks the chunk that fills it",
    {
      writes: Arbitrary.schema(Writes),
      cap: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 60 }))
    },
    ({ cap, writes }) =>
      Effect.gen(function* () {
        const buffer = new OutputBuffer(["stdout", "stderr"], cap)
        const written: Record<string, Array<number>> = { stdout: [], stderr: [] }
        let next = 0
        for (const { length, stream } of writes) {
          const chunk = Uint8Array.from({ length }, () => next++ % 256)
          written[stream]!.push(...chunk)
          buffer.push(stream, chunk)
        }
        buffer.close()
        const chunks = yield* Stream.runCollect(Stream.fromPull(Effect.succeed(buffer.pull)))
        for (const stream of ["stdout", "stderr"] as const) {
          const mine = chunks.filter((chunk) => chunk.stream === stream)
          assert.deepStrictEqual(
            mine.flatMap((chunk) => [...chunk.bytes]),
            written[stream]!.slice(0, cap)
          )
          const full = written[stream]!.length > 0 && written[stream]!.length >= cap
          assert.deepStrictEqual(
            mine.map((chunk) => chunk.capReached),
            mine.map((_, i) => full && i === mine.length - 1)
          )
        }
      }),
    { arbitrary: { runs: RUNS } }
  )
})
