/** Our stdin to the command, its output to our stdout and stderr: in order, byte by byte, as fast as both sides take it. */
import * as NodeStream from "@effect/platform-node/NodeStream"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { INVALID_REQUEST } from "../../../rpc/WireError.ts"
import type { CallError } from "../../../services/ClientError.ts"
import type { OutputChunk } from "../../../services/OutputBuffer.ts"
import type { RemoteProcess } from "../../../services/RemoteProcess.ts"
import * as SystemError from "../../../services/SystemError.ts"
import { BrokenPipe, StreamError } from "./ExecEnd.ts"

/**
 * Pieces of stdin that are read while others are under way, of 64 KiB at most: a write of all of them makes up for slow
 * networks, and the 128 writes that Codex keeps for a command that does not read are no more than 40 MiB.
 */
const READ_AHEAD = 4

const stdin = NodeStream.fromReadable({
  evaluate: () => process.stdin,
  chunkSize: 1,
  closeOnDone: false,
  onError: (error) => new StreamError({ message: `cannot read stdin: ${SystemError.text(error)}` })
})

/** Sends stdin and its end, for as long as somebody takes it. */
export const sendStdin = ({
  closeStdin,
  write
}: RemoteProcess): Effect.Effect<void, CallError | StreamError> =>
  stdin.pipe(
    Stream.buffer({ capacity: READ_AHEAD }),
    Stream.runForEachArray((pieces) => write(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces))),
    Effect.andThen(closeStdin),
    // the command has closed its stdin, or is over
    Effect.catchIf(
      (error) => error._tag === "RequestError" && error.code === INVALID_REQUEST,
      () => Effect.void
    )
  )

/** Node makes terminals block, and the heartbeats with them: a long ^S would cost the connection. */
const unblock = (stream: NodeJS.WriteStream): void => {
  if (!stream.isTTY) return
  const { _handle } = stream as { readonly _handle?: { readonly setBlocking?: (blocking: boolean) => void } }
  _handle?.setBlocking?.(false)
}

/** Writes all of it, and waits until the system has taken it. */
const write = (chunks: ReadonlyArray<OutputChunk>) =>
  Effect.callback<void, BrokenPipe | StreamError>((resume) => {
    let left = chunks.length
    for (const { bytes, stream } of chunks) {
      process[stream].write(bytes, (error) => {
        if (error != null) resume(Effect.fail(problemOf(error, stream)))
        else if (--left === 0) resume(Effect.void)
      })
    }
  })

const problemOf = (error: Error, stream: OutputChunk["stream"]) =>
  (error as NodeJS.ErrnoException).code === "EPIPE"
    ? new BrokenPipe()
    : new StreamError({ message: `cannot write to ${stream}: ${SystemError.text(error)}` })

/**
 * Writes the output to its end. Both streams come by one reader, for they may lead to the same place here: what waits
 * for one holds up the other, as it would a command that runs here.
 */
export const receiveOutput = ({
  output
}: RemoteProcess): Effect.Effect<void, CallError | BrokenPipe | StreamError> =>
  Effect.suspend(() => {
    for (const stream of [process.stdout, process.stderr]) {
      stream.on("error", () => {}) // who writes is told
      unblock(stream)
    }
    return Stream.runForEachArray(output, write)
  })
