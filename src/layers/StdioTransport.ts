/** `stdio://`: one client, who writes JSON lines to our standard input and reads them from our standard output. */
import type { Readable, Writable } from "node:stream"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Dispatcher } from "../services/Dispatcher.ts"
import { Limits } from "../services/Limits.ts"
import * as SystemError from "../services/SystemError.ts"
import * as BusyPoll from "./BusyPoll.ts"
import { LineInbox } from "./LineInbox.ts"
import * as StdioOutbox from "./StdioOutbox.ts"

/** How long answers that were given before the end may take to be read: as long as a WebSocket has to close. */
const FLUSH_TIME = "1 second"

/** The other side has hung up, which is no failure. */
const HANG_UPS: ReadonlySet<string | undefined> = new Set(["EPIPE", "ECONNRESET"])

/** The system does not let us read or write; `message` has its text. */
export class StdioError extends Data.TaggedError("StdioError")<{ readonly message: string }> {}

export interface Streams {
  /** Bytes, not text. */
  readonly input: Readable
  readonly output: Writable
}

const ofThisProcess = (): Streams => ({ input: process.stdin, output: process.stdout })

/** The one connection. */
export class StdioTransport extends Context.Service<
  StdioTransport,
  {
    /** Done when no more requests come: the input has ended, or nobody reads the output. */
    readonly ended: Effect.Effect<void, StdioError>
  }
>()("effect-app-server/StdioTransport") {
  /**
   * Serves as long as the layer lives; its end ends all that the client started, and then waits for a second at
   * most until the client has read what was sent. The streams stay open.
   */
  static readonly layer = (
    streams: () => Streams = ofThisProcess
  ): Layer.Layer<StdioTransport, never, Dispatcher> =>
    Layer.effect(
      StdioTransport,
      Effect.gen(function* () {
        const connect = yield* BusyPoll.make(yield* Dispatcher)
        const { maxUnsentBytes } = yield* Limits
        const run = Effect.runForkWith(yield* Effect.context<never>())
        const { input, output } = streams()
        const ended = Deferred.makeUnsafe<void, StdioError>()
        const failed = (doing: string) => (error: NodeJS.ErrnoException) =>
          Deferred.doneUnsafe(
            ended,
            HANG_UPS.has(error.code)
              ? Effect.void
              : Effect.fail(new StdioError({ message: `cannot ${doing}: ${SystemError.text(error)}` }))
          )
        const inbox = new LineInbox(input)
        const outbox = yield* Effect.acquireRelease(
          Effect.sync(() =>
            StdioOutbox.make(output, {
              maxUnsentBytes,
              onFull: () => inbox.pause(),
              onRoom: () => inbox.resume(),
              onGone: failed("write to stdout")
            })
          ),
          (outbox) =>
            Effect.timeoutOrElse(outbox.flushed, {
              duration: FLUSH_TIME,
              orElse: () => Effect.logWarning(`${outbox.unsent()} bytes of stdout were not read in time`)
            })
        )
        const line = yield* connect(outbox)
        yield* Effect.acquireRelease(
          Effect.sync(() => {
            input.on("error", failed("read stdin"))
            inbox.start({
              line,
              end: (problem) => {
                if (problem !== undefined) run(Effect.logError(`stopped reading stdin: ${problem}`))
                Deferred.doneUnsafe(ended, Effect.void)
              }
            })
          }),
          () => Effect.sync(() => inbox.stop())
        )
        return { ended: Deferred.await(ended) }
      })
    )
}
