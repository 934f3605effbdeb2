/** A command that runs on the server, as a resource: when its Scope closes, it is terminated. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import type { CommandExecTerminalSize } from "../rpc/CommandExec.ts"
import { INVALID_REQUEST, OVERLOADED } from "../rpc/WireError.ts"
import * as Base64 from "./Base64.ts"
import * as ClientConnection from "./ClientConnection.ts"
import { RequestError, type CallError } from "./ClientError.ts"
import type { OutputChunk } from "./OutputBuffer.ts"
import { UnreadQueue } from "./UnreadQueue.ts"

/** Bytes of one `command/exec/write`: a message may have 16 MiB, and more than 1 MiB waiting is not answered at once. */
const MAX_WRITE_BYTES = 1024 * 1024
/** How long the end of a Scope waits for the end of its command, which takes milliseconds if anybody answers at all. */
const CLOSE_TIMEOUT_MS = 2000
/** Pause before a terminate is sent again that a busy server had no room for. */
const RETRY_MS = 50

const METHOD = "command/exec"

/** As for `command/exec`. Output is always streamed, and without a process id one is made up. */
export type ExecParams = Omit<ClientConnection.Params<typeof METHOD>, "streamStdoutStderr">
/** How a command ended. */
export type ExecResult = ClientConnection.Result<typeof METHOD>

/**
 * Its streams give each byte once: read either `output` or the other two. They end with the command, and fail if it
 * could not be run, or if the connection is lost. What is not read waits: at most 4 MiB of it, then the connection
 * is not read, so that everything on it waits, answers included. A reader that leaves early takes with it what it was
 * handed.
 */
export interface RemoteProcess {
  readonly processId: string
  /** Both streams, in the order in which the server read them. */
  readonly output: Stream.Stream<OutputChunk, CallError>
  readonly stdout: Stream.Stream<Uint8Array, CallError>
  readonly stderr: Stream.Stream<Uint8Array, CallError>
  /** How it ended, after all of its output has come. */
  readonly exit: Effect.Effect<ExecResult, CallError>
  /** Writes to stdin, which takes `streamStdin` or `tty`; done when the server has room for more. */
  readonly write: (input: Uint8Array | string) => Effect.Effect<void, CallError>
  /** Ends stdin, after what is being written. */
  readonly closeStdin: Effect.Effect<void, CallError>
  /** Gives its terminal another size. */
  readonly resize: (size: CommandExecTerminalSize) => Effect.Effect<void, CallError>
  /** Kills it and its process group; `exit` tells the end. */
  readonly terminate: Effect.Effect<void, CallError>
}

const isBusy = (error: CallError) => error._tag === "RequestError" && error.code === OVERLOADED

/** In pieces that fit into a message; one without bytes is a piece, too. */
const pieces = (input: Uint8Array | string): ReadonlyArray<Uint8Array> => {
  const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input
  const count = Math.max(1, Math.ceil(bytes.length / MAX_WRITE_BYTES))
  return Array.from({ length: count }, (_, i) =>
    bytes.subarray(i * MAX_WRITE_BYTES, (i + 1) * MAX_WRITE_BYTES)
  )
}

/** Runs a command until it is over or the Scope closes. Whether it could be started, `exit` and the streams tell. */
export const exec = Effect.fnUntraced(function* (
  connection: ClientConnection.ClientConnection,
  params: ExecParams
): Effect.fn.Return<RemoteProcess, CallError, Scope.Scope> {
  const processId = params.processId ?? connection.freeProcessId()
  const encoded = yield* ClientConnection.encodeParams(METHOD, {
    ...params,
    processId,
    streamStdoutStderr: true
  })
  const unread = new UnreadQueue<OutputChunk, CallError>(connection.gate)
  const ended = Deferred.makeUnsafe<ExecResult, CallError>()
  const terminate = Effect.asVoid(connection.request("command/exec/terminate", { processId }))

  const finish = (exit: Exit.Exit<ExecResult, CallError>): void => {
    connection.outputs.delete(processId)
    unread.end(exit)
    Deferred.doneUnsafe(ended, exit)
  }

  const start = Effect.suspend(() => {
    // another's output would be taken for this one's
    if (connection.outputs.has(processId)) {
      const message = `duplicate active command/exec process id: ${JSON.stringify(processId)}`
      return Effect.fail(new RequestError({ method: METHOD, code: INVALID_REQUEST, message }))
    }
    connection.outputs.set(processId, (chunk) => unread.push(chunk, chunk.bytes.length))
    connection.post(METHOD, encoded, finish)
    return Effect.void
  })

  const stop = Effect.suspend(() => {
    unread.discard()
    if (Deferred.isDoneUnsafe(ended)) return Effect.void
    const terminated = Effect.retry(terminate, { while: isBusy, schedule: Schedule.spaced(RETRY_MS) })
    return Effect.ignore(terminated).pipe(
      Effect.andThen(Effect.exit(Deferred.await(ended))), // it may have been over before
      Effect.interruptible,
      Effect.timeoutOption(CLOSE_TIMEOUT_MS)
    )
  })

  yield* Effect.acquireRelease(start, () => stop)
  const turns = Semaphore.makeUnsafe(1)
  const send = (input: object) => connection.request("command/exec/write", { processId, ...input })
  const only = (stream: OutputChunk["stream"]) =>
    Stream.map(
      unread.read((chunk) => chunk.stream === stream),
      ({ bytes }) => bytes
    )
  return {
    processId,
    output: unread.read(),
    stdout: only("stdout"),
    stderr: only("stderr"),
    exit: Deferred.await(ended),
    write: (input) =>
      Effect.forEach(pieces(input), (bytes) => send({ deltaBase64: Base64.encode(bytes) }), {
        discard: true
      }).pipe(turns.withPermits(1)),
    closeStdin: send({ closeStdin: true }).pipe(turns.withPermits(1), Effect.asVoid),
    resize: (size) => Effect.asVoid(connection.request("command/exec/resize", { processId, size })),
    terminate
  }
})
