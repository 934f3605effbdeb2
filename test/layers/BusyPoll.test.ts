import { afterEach, assert, beforeEach, describe, it, vi } from "@effect/vitest"
import { BusyPoll } from "../../src/layers/BusyPoll.ts"

/** Milliseconds: of a client that asks at once, and of one that does not. */
const PROMPT = 0.1
const SLOW = 0.3

describe("the wait for the next request of a client", () => {
  let now: number
  let immediates: Array<() => void>
  let processorThere: boolean
  let poll: BusyPoll

  beforeEach(() => {
    now = 1000
    immediates = []
    processorThere = true
    poll = new BusyPoll({ isThere: () => processorThere })
    vi.spyOn(performance, "now").mockImplementation(() => now)
    vi.stubGlobal("setImmediate", (turn: () => void) => immediates.push(turn))
  })
  afterEach(() => {
    vi.restoreAllMocks()
    vi.unstubAllGlobals()
  })

  const request = (after: number) => {
    now += after
    poll.received()
  }
  /** A request that is answered at once. */
  const ask = (after: number) => {
    request(after)
    poll.sent()
    poll.handled()
  }
  /** The event loop turns once, in so many milliseconds. */
  const turn = (ms: number) => {
    now += ms
    for (const run of immediates.splice(0)) run()
  }
  const isAwake = () => immediates.length > 0

  it("is slept through after the first answer", () => {
    ask(0)
    assert.isFalse(isAwake())
  })

  it("is slept through when the client took its time before", () => {
    ask(0)
    ask(SLOW)
    assert.isFalse(isAwake())
  })

  it("is spent awake when the client has asked at once", () => {
    ask(0)
    ask(PROMPT)
    assert.isTrue(isAwake())
  })

  it("is spent awake turn for turn, until the request is late", () => {
    ask(0)
    ask(PROMPT)
    turn(PROMPT)
    assert.isTrue(isAwake())
    turn(PROMPT)
    assert.isFalse(isAwake())
  })

  it("ends with the request, and begins again with its answer", () => {
    ask(0)
    ask(PROMPT)
    request(PROMPT)
    turn(0)
    assert.isFalse(isAwake())
    poll.sent()
    assert.isTrue(isAwake())
  })

  it("is one wait for requests that are answered within one turn", () => {
    ask(0)
    ask(PROMPT)
    ask(0)
    ask(0)
    assert.strictEqual(immediates.length, 1)
  })

  it("is slept through once a request was late, until the client asks at once again", () => {
    ask(0)
    ask(PROMPT)
    turn(SLOW)
    ask(SLOW)
    assert.isFalse(isAwake())
    ask(PROMPT)
    assert.isTrue(isAwake())
  })

  it("is slept through by a machine that has no processor to spare", () => {
    processorThere = false
    ask(0)
    ask(PROMPT)
    assert.isFalse(isAwake())
  })

  it("is slept through when the answer comes later, for somebody needs the processor meanwhile", () => {
    ask(0)
    request(PROMPT)
    poll.handled()
    poll.sent()
    assert.isFalse(isAwake())
    ask(PROMPT)
    assert.isFalse(isAwake())
  })

  it("is slept through when the client is sent more than an answer", () => {
    ask(0)
    ask(PROMPT)
    poll.sent()
    turn(0)
    assert.isFalse(isAwake())
    ask(PROMPT)
    assert.isFalse(isAwake())
  })
})
