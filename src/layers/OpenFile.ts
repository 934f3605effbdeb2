/** Files that are opened without waiting for another process: a pipe is no file, and neither keeps a thread. */
import * as fs from "node:fs"
import * as fsp from "node:fs/promises"
import * as Effect from "effect/Effect"
import { NotAFile, SystemRefusal } from "../services/FileSystemError.ts"
import * as SystemError from "../services/SystemError.ts"

const { O_CREAT, O_NONBLOCK, O_WRONLY } = fs.constants

/** What is read or written at once: few calls for a large file, and little to wait for at its end. */
export const CHUNK_BYTES = 1024 * 1024
/** So much at first where the size is not known before, as of files in `/proc`. */
export const FIRST_BYTES = 64 * 1024

/** One call of the system. It is not interrupted, for what it opens has to be closed. */
export const call = <A>(run: () => Promise<A>): Effect.Effect<A, SystemRefusal> =>
  Effect.uninterruptible(Effect.tryPromise({ try: run, catch: SystemRefusal.from }))

/** What can be done with an open file. */
export interface OpenFile {
  readonly handle: fsp.FileHandle
  readonly stats: fs.BigIntStats
}

/** Opens, uses and closes a file. That it cannot be closed is a failure: a write may have failed late. */
export const using = <A, E>(
  file: fs.PathLike,
  flags: number,
  mode: number,
  use: (file: OpenFile) => Effect.Effect<A, E>
): Effect.Effect<A, E | SystemRefusal> =>
  Effect.acquireUseRelease(
    call(() => fsp.open(file, flags | O_NONBLOCK, mode)),
    (handle) =>
      Effect.flatMap(
        call(() => handle.stat({ bigint: true })),
        (stats) => use({ handle, stats })
      ),
    (handle) => call(() => handle.close())
  )

/** Opens something for writing, unless it is a pipe or a socket. What was there is there until it is truncated. */
export const usingForWrite = <A, E>(
  file: fs.PathLike,
  mode: number,
  use: (file: OpenFile) => Effect.Effect<A, E>
): Effect.Effect<A, E | NotAFile | SystemRefusal> => {
  const notAFile = Effect.fail(new NotAFile({ path: String(file) }))
  return Effect.catchIf(
    using(file, O_WRONLY | O_CREAT, mode, (open): Effect.Effect<A, E | NotAFile> =>
      open.stats.isFIFO() ? notAFile : use(open)
    ),
    // a pipe that nobody reads, or a socket
    (error) => error instanceof SystemRefusal && error.is("ENXIO"),
    () => notAFile
  )
}

/** Empties a file; what is none has nothing to empty. */
export const truncate = ({ handle, stats }: OpenFile) =>
  stats.isFile() ? call(() => handle.truncate()) : Effect.void

/** Reads into the buffer, as much as there is now; 0 is the end. */
export const readInto = (handle: fsp.FileHandle, buffer: Uint8Array, offset: number) =>
  Effect.map(
    call(() => handle.read(buffer, offset, Math.min(CHUNK_BYTES, buffer.length - offset), null)),
    ({ bytesRead }) => bytesRead
  )

/** Writes all of it behind what was written before. */
export const writeAll = (handle: fsp.FileHandle, bytes: Uint8Array): Effect.Effect<void, SystemRefusal> =>
  bytes.length === 0
    ? Effect.void
    : Effect.flatMap(
        call(() => handle.write(bytes, 0, bytes.length, null)),
        ({ bytesWritten }) =>
          bytesWritten === 0
            ? Effect.fail(new SystemRefusal({ text: SystemError.textOf("EIO") }))
            : writeAll(handle, bytes.subarray(bytesWritten))
      )
