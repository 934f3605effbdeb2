import { afterEach, assert, beforeEach, describe, it, vi } from "@effect/vitest"
import * as Native from "../../src/layers/Native.ts"
import { TerminalLookout } from "../../src/layers/TerminalLookout.ts"

const KIB = 1024
const READ = 4095
/** Milliseconds that each look at the clock takes. */
const TICK = 0.0001

/** A kernel that has output when its script says so, and a clock that goes on when somebody asks or waits. */
class Kernel {
  now = 0
  looks = 0
  waits = 0
  /** What the next looks find; `false` from there on. */
  readable: Array<boolean> = []
  /** Milliseconds that a poll waits, and whether there is output then. */
  wait: readonly [ms: number, arrived: boolean] = [0, false]

  readonly terminal = {
    isReadable: () => {
      this.looks++
      return this.readable.shift() ?? false
    }
  }
  readonly poll = (fds: ReadonlyArray<number>) => {
    this.waits++
    this.now += this.wait[0]
    return fds.map(() => (this.wait[1] ? Native.READABLE : 0))
  }
}

describe("the lookout for more output of a terminal", () => {
  let kernel: Kernel
  let lookout: TerminalLookout
  let hasMore: (length: number) => boolean

  beforeEach(() => {
    kernel = new Kernel()
    lookout = new TerminalLookout(kernel)
    const { hasMore: more } = lookout.for(3)
    hasMore = (length) => more(length, READ)
    vi.spyOn(performance, "now").mockImplementation(() => (kernel.now += TICK))
  })
  afterEach(() => {
    vi.restoreAllMocks()
  })

  /** What the kernel brings has to be waited for so long that a processor must have been asleep. */
  const sleepy = () => {
    kernel.wait = [0.1, true]
    assert.isTrue(hasMore(READ))
    kernel.looks = kernel.waits = 0
  }

  it("reads what is there without a wait", () => {
    kernel.readable = [true]
    assert.isTrue(hasMore(READ))
    assert.deepStrictEqual([kernel.looks, kernel.waits], [1, 0])
  })

  it("looks a few times before it waits for more of a small chunk", () => {
    kernel.wait = [0.01, true]
    assert.isTrue(hasMore(READ))
    assert.deepStrictEqual([kernel.looks, kernel.waits], [10, 1])
    kernel.wait = [0.01, false]
    assert.isFalse(hasMore(READ))
  })

  it("does not wait for more of a chunk of 16 KiB", () => {
    assert.isFalse(hasMore(16 * KIB))
    assert.strictEqual(kernel.waits, 0)
  })

  it("goes on to wait as long as waits are short", () => {
    kernel.wait = [0.01, true]
    for (let i = 1; i <= 100; i++) {
      assert.isTrue(hasMore(READ))
      assert.strictEqual(kernel.waits, i)
    }
  })

  it("stays awake after a long wait, for 16 chunks of 32 KiB", () => {
    sleepy()
    for (let chunk = 0; chunk < 16; chunk++) {
      kernel.readable = [false, false, false, true]
      const start = kernel.now
      assert.isTrue(hasMore(32 * KIB - 1))
      assert.isAbove(kernel.now - start, 3 * 0.006)
      assert.isFalse(hasMore(32 * KIB))
    }
    assert.strictEqual(kernel.waits, 0)
    assert.isTrue(hasMore(READ))
    assert.strictEqual(kernel.waits, 1)
  })

  it("does not stay awake for longer than 0.1 ms when nothing comes, and waits the next time", () => {
    sleepy()
    const start = kernel.now
    assert.isFalse(hasMore(READ))
    assert.isBelow(kernel.now - start, 0.1)
    assert.strictEqual(kernel.waits, 0)
    hasMore(READ)
    assert.strictEqual(kernel.waits, 1)
  })

  it("does not stay awake while somebody types at any terminal, nor wait after a long wait", () => {
    sleepy()
    lookout.for(4).typed()
    const start = kernel.now
    for (let chunk = 0; chunk < 16; chunk++) assert.isFalse(hasMore(READ))
    assert.isBelow(kernel.now - start, 16 * 0.01)
    assert.strictEqual(kernel.waits, 0)
    hasMore(READ)
    assert.strictEqual(kernel.waits, 1)

    kernel.now += 1001
    kernel.readable = [false, true]
    kernel.looks = 0
    assert.isTrue(hasMore(20 * KIB))
    assert.deepStrictEqual([kernel.looks, kernel.waits], [2, 1])
  })
})
