/** Copies files, links and what is in directories. */
import * as fs from "node:fs"
import * as fsp from "node:fs/promises"
import * as Effect from "effect/Effect"
import { InvalidCopy, type NotAFile, type SystemRefusal } from "../services/FileSystemError.ts"
import { entriesOf, forEachEntry, join, type FilePath } from "./DirectoryWalk.ts"
import {
  CHUNK_BYTES,
  FIRST_BYTES,
  call,
  readInto,
  truncate,
  using,
  usingForWrite,
  writeAll,
  type OpenFile
} from "./OpenFile.ts"

const { O_NOFOLLOW, O_RDONLY } = fs.constants
const PERMISSIONS = 0o7777

type CopyError = InvalidCopy | NotAFile | SystemRefusal

/** The content, from the beginning to the end that is reached then: the size of a file in `/proc` says nothing. */
const pour = (source: OpenFile, destination: OpenFile) =>
  Effect.gen(function* () {
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(Number(source.stats.size), FIRST_BYTES)))
    for (;;) {
      const bytes = yield* readInto(source.handle, buffer, 0)
      if (bytes === 0) return
      yield* writeAll(destination.handle, buffer.subarray(0, bytes))
    }
  })

/** Copies a regular file with its mode. The destination is emptied only when it is known not to be the source. */
export const copyFile = (source: fs.PathLike, destination: fs.PathLike): Effect.Effect<void, CopyError> =>
  using(source, O_RDONLY | O_NOFOLLOW, 0, (from) => {
    if (!from.stats.isFile()) return Effect.fail(new InvalidCopy({ reason: "UnsupportedKind" }))
    const mode = Number(from.stats.mode) & PERMISSIONS
    return usingForWrite(destination, mode, (to): Effect.Effect<void, CopyError> => {
      if (to.stats.dev === from.stats.dev && to.stats.ino === from.stats.ino) {
        return Effect.fail(new InvalidCopy({ reason: "FileOntoItself" }))
      }
      const sameMode = to.stats.isFile() ? call(() => to.handle.chmod(mode)) : Effect.void
      return sameMode.pipe(Effect.andThen(truncate(to)), Effect.andThen(pour(from, to)))
    })
  })

/** Copies a link as it is, wherever it leads. */
export const copyLink = (source: fs.PathLike, destination: fs.PathLike) =>
  Effect.flatMap(
    call(() => fsp.readlink(source, { encoding: "buffer" })),
    (target) => call(() => fsp.symlink(target, destination))
  )

/** One that is there, or leads to one, is as good. */
const makeDirectory = (directory: FilePath) =>
  Effect.catchIf(
    call(() => fsp.mkdir(directory)),
    (error) => error.is("EEXIST"),
    (error) =>
      Effect.flatMap(Effect.option(call(() => fsp.stat(directory))), (stats) =>
        stats._tag === "Some" && stats.value.isDirectory() ? Effect.void : Effect.fail(error)
      )
  )

/** Copies what is in a directory to one that is there; pipes, sockets and devices are left out. */
export const copyDirectory = (source: FilePath, destination: FilePath): Effect.Effect<void, CopyError> =>
  Effect.flatMap(entriesOf(source), (entries) =>
    forEachEntry<CopyError>(entries, {
      directory: ({ name }) => {
        const target = join(destination, name)
        return Effect.andThen(makeDirectory(target), copyDirectory(join(source, name), target))
      },
      other: (entry) => {
        const [from, to] = [join(source, entry.name), join(destination, entry.name)]
        if (entry.isSymbolicLink()) return copyLink(from, to)
        return entry.isFile() ? copyFile(from, to) : Effect.void
      }
    })
  )
