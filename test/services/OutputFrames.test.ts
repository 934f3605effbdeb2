import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { CommandExecOutputDeltaNotification } from "../../src/rpc/CommandExec.ts"
import { ProcessOutputDeltaNotification } from "../../src/rpc/Process.ts"
import { MAX_CHUNK_BYTES } from "../../src/services/OutputBuffer.ts"
import * as OutputFrames from "../../src/services/OutputFrames.ts"
import { RUNS } from "../support/runs.ts"

const Byte = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))
const Chunk = Schema.Struct({
  stream: Schema.Literals(["stdout", "stderr"]),
  bytes: Schema.Array(Byte),
  capReached: Schema.Boolean
})
const Milliseconds = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }))

const read = (frame: Uint8Array) =>
  JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(frame)) as {
    readonly params: CommandExecOutputDeltaNotification
  }

describe("OutputFrames", () => {
  it.prop(
    "hold any chunk of any process",
    { processId: Schema.String, chunks: Schema.Array(Chunk), emittedAtMs: Milliseconds },
    ({ chunks, emittedAtMs, processId }) => {
      const frameOf = OutputFrames.make("command/exec/outputDelta", processId)
      const frames = chunks.map((chunk) =>
        frameOf({ ...chunk, bytes: Uint8Array.from(chunk.bytes) }, emittedAtMs)
      )
      assert.deepStrictEqual(
        frames.map(read),
        chunks.map(({ bytes, capReached, stream }) => ({
          method: "command/exec/outputDelta",
          params: { processId, stream, deltaBase64: Buffer.from(bytes).toString("base64"), capReached },
          emittedAtMs
        }))
      )
    },
    { arbitrary: { runs: RUNS } }
  )

  it("are notifications of the contract, their members in the order of the original", () => {
    const frame = OutputFrames.make("command/exec/outputDelta", "p")(
      { stream: "stdout", bytes: Buffer.from("hi"), capReached: false },
      5
    )
    assert.strictEqual(
      Buffer.from(frame).toString(),
      '{"method":"command/exec/outputDelta","params":{"processId":"p","stream":"stdout","deltaBase64":"aGk=","capReached":false},"emittedAtMs":5}'
    )
    assert.isTrue(Schema.is(CommandExecOutputDeltaNotification)(read(frame).params))
  })

  it("name the process of process/spawn by its handle", () => {
    const frame = OutputFrames.make("process/outputDelta", 'a"b')(
      { stream: "stderr", bytes: Buffer.from("hi"), capReached: true },
      5
    )
    assert.strictEqual(
      Buffer.from(frame).toString(),
      '{"method":"process/outputDelta","params":{"processHandle":"a\\"b","stream":"stderr","deltaBase64":"aGk=","capReached":true},"emittedAtMs":5}'
    )
    const { params }: { readonly params: unknown } = read(frame)
    assert.isTrue(Schema.is(ProcessOutputDeltaNotification)(params))
  })

  it("hold the bytes of a part of a larger buffer, up to the largest chunk", () => {
    const all = Uint8Array.from({ length: MAX_CHUNK_BYTES + 10 }, (_, i) => i * 7)
    const frameOf = OutputFrames.make("command/exec/outputDelta", "é\u0000\"'\\😀")
    for (const length of [0, 1, 2, 3, 4, MAX_CHUNK_BYTES - 1, MAX_CHUNK_BYTES]) {
      const bytes = all.subarray(5, 5 + length)
      const { params } = read(frameOf({ stream: "stderr", bytes, capReached: true }, 1))
      assert.deepStrictEqual(Buffer.from(params.deltaBase64, "base64"), Buffer.from(bytes))
      assert.strictEqual(params.processId, "é\u0000\"'\\😀")
    }
  })

  it("do not share memory with each other", () => {
    const frameOf = OutputFrames.make("command/exec/outputDelta", "p")
    const frame = (text: string) =>
      frameOf({ stream: "stdout", bytes: Buffer.from(text), capReached: false }, 1)
    const first = frame("first")
    frame("again").fill(0)
    assert.strictEqual(Buffer.from(read(first).params.deltaBase64, "base64").toString(), "first")
  })
})
