import { afterEach, assert, beforeEach, describe, it, vi } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { SpareProcessor } from "../../src/layers/SpareProcessor.ts"

describe("a processor to spare", () => {
  let now: number
  let times: { ran: number; waited: number }
  let looks: number
  let processor: SpareProcessor

  beforeEach(() => {
    now = 0
    looks = 0
    times = { ran: 5000, waited: 4000 }
    vi.spyOn(performance, "now").mockImplementation(() => now)
    processor = new SpareProcessor(() => {
      looks++
      return { ...times }
    })
  })
  afterEach(() => {
    vi.restoreAllMocks()
  })

  /** So many milliseconds pass, in which the thread runs and waits. */
  const pass = (ms: number, ran: number, waited: number) => {
    now += ms
    times.ran += ran
    times.waited += waited
    return processor.isThere(now)
  }

  it("is not known of at first", () => {
    assert.isFalse(pass(50, 40, 0))
  })

  it("is there when the thread hardly had to wait, whatever was before", () => {
    assert.isTrue(pass(101, 60, 1))
  })

  it("is not there when it waited as long as it ran", () => {
    assert.isFalse(pass(101, 40, 40))
  })

  it("is not there where the system does not tell", () => {
    assert.isFalse(pass(101, 0, 0))
  })

  it("is missed within 20 ms", () => {
    assert.isTrue(pass(101, 60, 0))
    assert.isTrue(pass(19, 5, 10))
    assert.isFalse(pass(2, 1, 1))
  })

  it("is there again after 100 quiet milliseconds", () => {
    pass(101, 10, 90)
    assert.isFalse(pass(99, 60, 0))
    assert.isTrue(pass(2, 1, 0))
  })

  it("is looked for every 20 ms, not with each question", () => {
    pass(101, 60, 0)
    looks = 0
    for (let i = 0; i < 100; i++) pass(1, 0.5, 0)
    assert.isAtMost(looks, 5)
  })

  it.live.skipIf(process.platform !== "linux")("is told by Linux of the thread that asks", () =>
    Effect.gen(function* () {
      vi.restoreAllMocks()
      const processor = yield* SpareProcessor.make
      assert.isBoolean(processor.isThere(performance.now() + 1000))
    })
  )
})
