/**
 * Stays awake for a client that asks one thing after the other, while a processor has nothing else to do:
 * docs/decisions/0026-busy-poll.md.
 *
 * Who waits for a request sleeps, and so does the processor. To wake both takes longer than most answers. So after an
 * answer to such a client the event loop turns without a wait, until the next request is there or late.
 */
import * as Effect from "effect/Effect"
import type { Outbox } from "../services/Connection.ts"
import type { Dispatcher } from "../services/Dispatcher.ts"
import { SpareProcessor } from "./SpareProcessor.ts"

/** Milliseconds from an answer to the next request of such a client: 0.1 if both sleep in between, half awake (measured). */
const PROMPT_MS = 0.2

/** For one client. Only requests that are answered at once count: for others somebody needs the processor meanwhile. */
export class BusyPoll {
  readonly #processor: Pick<SpareProcessor, "isThere">
  /** When the last request was answered; long ago if the client was sent anything else since. */
  #answeredAt = -Infinity
  #handling = false
  #prompt = false
  #turning = false

  constructor(processor: Pick<SpareProcessor, "isThere">) {
    this.#processor = processor
  }

  /** A frame has come, which is handled now. */
  received(): void {
    this.#prompt = this.#isEarly(performance.now())
    this.#answeredAt = -Infinity
    this.#handling = true
  }

  /** It was, as far as that goes at once. */
  handled(): void {
    this.#handling = false
  }

  /** A frame was sent. */
  sent(): void {
    const atOnce = this.#handling
    this.#handling = false
    this.#answeredAt = atOnce ? performance.now() : -Infinity
    if (!atOnce || !this.#prompt || this.#turning || !this.#processor.isThere(this.#answeredAt)) return
    this.#turning = true
    setImmediate(this.#turn)
  }

  #isEarly(now: number): boolean {
    return now - this.#answeredAt < PROMPT_MS
  }

  /** As long as an immediate waits, the event loop does not. */
  readonly #turn = (): void => {
    this.#turning = this.#isEarly(performance.now())
    if (this.#turning) setImmediate(this.#turn)
  }
}

/** Opens connections as the dispatcher does, and stays awake for their clients. */
export const make = Effect.fnUntraced(function* (dispatcher: Dispatcher["Service"]) {
  const processor = yield* SpareProcessor.make
  const connect: Dispatcher["Service"]["connect"] = (outbox) => {
    const poll = new BusyPoll(processor)
    const send: Outbox["send"] = (frame) => {
      outbox.send(frame)
      poll.sent()
    }
    return Effect.map(dispatcher.connect({ ...outbox, send }), (receive) => (text) => {
      poll.received()
      receive(text)
      poll.handled()
    })
  }
  return connect
})
