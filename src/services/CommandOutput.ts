/** Where the output of a command goes: to the client as it comes, or into the message that tells its end. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { CommandExecOutputStream } from "../rpc/CommandExec.ts"
import type { RunningCommand } from "./CommandExec.ts"
import { OutputTooLarge } from "./CommandExecError.ts"
import type { Connection } from "./Connection.ts"
import { LongText } from "./LongText.ts"
import type { OutputChunk } from "./OutputBuffer.ts"
import * as OutputFrames from "./OutputFrames.ts"
import * as OutputText from "./OutputText.ts"

/** What the message that tells the end says of the output. */
export interface OutputSummary {
  /** Empty when it was streamed. */
  readonly text: Readonly<Record<CommandExecOutputStream, string | LongText>>
  /** Whether the cap of a stream is full. */
  readonly capReached: Readonly<Record<CommandExecOutputStream, boolean>>
}

const NO_TEXT = { stdout: "", stderr: "" }

/** Bytes above which a text is printed while it comes: two reads, for one is printed as quickly at the end. */
const MAX_SHORT_BYTES = 64 * 1024

/**
 * Hands all output to `take`, at once unless it refuses; then it is asked again when `wait` is done. Gives which caps
 * were reached. The bytes are lent: they change as soon as `take` returns.
 */
const consume = <E>(
  running: RunningCommand,
  take: (chunk: OutputChunk) => boolean,
  wait: (chunk: OutputChunk) => Effect.Effect<void, E>
) =>
  Effect.suspend(() => {
    const capReached = { stdout: false, stderr: false }
    const takeAndNote = (chunk: OutputChunk) => {
      if (!take(chunk)) return false
      if (chunk.capReached) capReached[chunk.stream] = true
      return true
    }
    /** What came before is not taken yet. */
    let waiting = false
    running.offer((chunk) => !waiting && takeAndNote(chunk))
    return running.output.pipe(
      Stream.runForEachArray(
        Effect.fnUntraced(function* (chunks) {
          waiting = true
          for (const chunk of chunks) while (!takeAndNote(chunk)) yield* wait(chunk)
          waiting = false
        })
      ),
      Effect.as(capReached)
    )
  })

/** Sends the output as it comes, at the client's pace: nothing is sent while much is unsent, whoever queued it. */
export const stream = (
  connection: Connection["Service"],
  method: OutputFrames.OutputNotification,
  name: string,
  running: RunningCommand
): Effect.Effect<OutputSummary> => {
  const { outbox } = connection
  const frame = OutputFrames.make(method, name)
  const take = (chunk: OutputChunk) => {
    if (!connection.wants(method)) return true
    if (!outbox.isDrained()) return false
    outbox.send(frame(chunk, Date.now()))
    return true
  }
  return Effect.map(
    consume(running, take, () => outbox.drained),
    (capReached) => ({ text: NO_TEXT, capReached })
  )
}

/** What is kept of a stream. */
class Kept {
  #chunks: Array<Uint8Array> = []
  #long: LongText | undefined
  size = 0

  add(bytes: Uint8Array): void {
    this.size += bytes.length
    if (this.#long === undefined) {
      this.#chunks.push(new Uint8Array(bytes))
      if (this.size <= MAX_SHORT_BYTES) return
      this.#long = new LongText()
      for (const chunk of this.#chunks) this.#long.push(chunk)
      this.#chunks = []
    } else {
      this.#long.push(bytes)
    }
  }

  text(): string | LongText {
    if (this.#long === undefined) return OutputText.decode(this.#chunks)
    this.#long.end()
    return this.#long
  }
}

/** Keeps the output as text; fails as soon as a stream has brought more than `max` bytes. */
export const collect = (running: RunningCommand, max: number): Effect.Effect<OutputSummary, OutputTooLarge> =>
  Effect.suspend(() => {
    const kept = { stdout: new Kept(), stderr: new Kept() }
    const take = ({ bytes, stream }: OutputChunk) => {
      if (kept[stream].size + bytes.length > max) return false
      kept[stream].add(bytes)
      return true
    }
    return Effect.map(
      consume(running, take, ({ stream }) => Effect.fail(new OutputTooLarge({ stream, max }))),
      (capReached) => ({
        text: { stdout: kept.stdout.text(), stderr: kept.stderr.text() },
        capReached
      })
    )
  })
