import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { JsonText } from "../../src/services/JsonText.ts"
import * as LongText from "../../src/services/LongText.ts"
import * as OutputText from "../../src/services/OutputText.ts"
import { RUNS } from "../support/runs.ts"

/** Plain text, what JSON escapes, whole characters of each length, and bytes that are no UTF-8 or only a part of it. */
const Part = Schema.Literals(
  [
    "abc",
    "a line of some length\n",
    '"quoted"\\',
    "\t\r\b\f",
    "\0\x01\x1f\x7f",
    "é",
    "€",
    "😀",
    "\u2028",
    Uint8Array.of(0x80),
    Uint8Array.of(0xc3),
    Uint8Array.of(0xe2, 0x82),
    Uint8Array.of(0xf0, 0x9f, 0x98),
    Uint8Array.of(0xe0, 0x80),
    Uint8Array.of(0xf5, 0x80),
    Uint8Array.of(0xff)
  ].map((part) => (typeof part === "string" ? part : Buffer.from(part).toString("latin1") + "\ufffd")) as [
    string
  ]
)

const bytesOf = (parts: ReadonlyArray<string>) =>
  Buffer.concat(
    parts.map((part) =>
      part.endsWith("\ufffd") ? Buffer.from(part.slice(0, -1), "latin1") : Buffer.from(part)
    )
  )

const Bytes = Arbitrary.map(Arbitrary.schema(Schema.Array(Part)), bytesOf)
const Cuts = Arbitrary.schema(Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9 }))))

/** The bytes in pieces of these sizes, and what is left. */
const cut = (bytes: Uint8Array, sizes: ReadonlyArray<number>) => {
  const pieces: Array<Uint8Array> = []
  let at = 0
  for (const size of sizes) pieces.push(bytes.subarray(at, (at += size)))
  return [...pieces, bytes.subarray(at)]
}

const longText = (pieces: ReadonlyArray<Uint8Array>) => {
  const text = new LongText.LongText()
  for (const piece of pieces) text.push(piece)
  text.end()
  return text
}

const printed = (frame: string | ReadonlyArray<Uint8Array>) =>
  typeof frame === "string" ? frame : Buffer.concat(frame).toString()

describe("the inside of a JSON string", () => {
  const json = (...pieces: ReadonlyArray<Uint8Array>) => {
    const text = new JsonText()
    for (const piece of pieces) text.add(piece)
    const bytes = Buffer.concat(text.pieces)
    assert.strictEqual(text.bytes, bytes.length)
    return `"${bytes.toString()}"`
  }

  it("escapes each byte as JSON.stringify does, at each place of four", () => {
    for (let byte = 0; byte < 0x100; byte++) {
      for (const place of [0, 1, 2, 3]) {
        const bytes = Buffer.from("aaaa")
        bytes[place] = byte
        assert.strictEqual(json(bytes), JSON.stringify(bytes.toString()))
      }
    }
  })

  it("holds pieces larger than a block", () => {
    const bytes = Buffer.alloc(3_000_001, '0123456789"\n')
    assert.strictEqual(json(bytes, Buffer.from("é"), bytes), JSON.stringify(`${bytes}é${bytes}`))
  })

  it.effect.prop(
    "is what JSON.stringify prints of the text",
    { pieces: Arbitrary.schema(Schema.Array(Schema.Array(Part))) },
    ({ pieces }) =>
      Effect.sync(() => {
        const bytes = pieces.map(bytesOf)
        assert.strictEqual(
          json(...bytes),
          JSON.stringify(bytes.map((piece) => OutputText.decode([piece])).join(""))
        )
      }),
    { arbitrary: { runs: RUNS } }
  )
})

describe("a long text", () => {
  it.effect.prop(
    "is the text of all bytes, wherever they are cut",
    { bytes: Bytes, cuts: Cuts },
    ({ bytes, cuts }) =>
      Effect.sync(() => {
        assert.strictEqual(String(longText(cut(bytes, cuts))), OutputText.decode([bytes]))
      }),
    { arbitrary: { runs: RUNS } }
  )

  it.effect.prop(
    "is a string to whoever reads the message, and is printed as one",
    { bytes: Bytes, cuts: Cuts },
    ({ bytes, cuts }) =>
      Effect.sync(() => {
        const text = OutputText.decode([bytes])
        const message = LongText.message(
          { exitCode: 3 },
          { stdout: longText(cut(bytes, cuts)), stderr: "short" }
        )
        assert.deepStrictEqual(JSON.parse(printed(LongText.print(message, JSON.stringify))), {
          exitCode: 3,
          stdout: text,
          stderr: message.stderr
        })
        assert.strictEqual(message.stdout, text)
        assert.deepStrictEqual(JSON.parse(JSON.stringify(message)), { ...message })
      }),
    { arbitrary: { runs: RUNS } }
  )

  it("leaves a message without long texts to its printer", () => {
    const message = LongText.message({ exitCode: 0 }, { stdout: "a", stderr: "" })
    assert.strictEqual(LongText.print(message, JSON.stringify), '{"exitCode":0,"stdout":"a","stderr":""}')
    assert.strictEqual(LongText.print(null, JSON.stringify), "null")
  })

  it("stands where the printer puts it, whatever the order of the members", () => {
    const texts = { stdout: longText([Buffer.from("out")]), stderr: longText([Buffer.from("err")]) }
    const message = LongText.message({}, texts)
    const frame = LongText.print(message, ({ stderr, stdout }) => JSON.stringify({ stderr, stdout }))
    assert.strictEqual(printed(frame), '{"stderr":"err","stdout":"out"}')
  })

  it("fits into no message above the longest string", () => {
    const control = Buffer.alloc(1024 * 1024, 1) // six bytes each
    const text = longText(Array.from({ length: 90 }, () => control))
    const message = LongText.message({ exitCode: 0 }, { stdout: text })
    assert.throws(() => LongText.print(message, JSON.stringify), RangeError)
    assert.throws(() => message.stdout, RangeError)
  })
})
