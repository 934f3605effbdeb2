/** The files of this machine, through Node. */
import * as fs from "node:fs"
import * as fsp from "node:fs/promises"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { FsReadDirectoryEntry } from "../rpc/FileSystem.ts"
import { FileTooLarge, NotAFile } from "../services/FileSystemError.ts"
import { LocalFiles } from "../services/LocalFiles.ts"
import { CONCURRENCY, entriesOf, join, type Entry, type FilePath } from "./DirectoryWalk.ts"
import * as FileCopy from "./FileCopy.ts"
import { remove } from "./FileRemoval.ts"
import {
  FIRST_BYTES,
  call,
  readInto,
  truncate,
  using,
  usingForWrite,
  writeAll,
  type OpenFile
} from "./OpenFile.ts"

/** What the umask leaves of it. */
const NEW_FILE_MODE = 0o666

const statOf = (file: fs.PathLike) => call(() => fsp.stat(file))

/** All that is in it, in memory of its size, and of twice that if it grows meanwhile. */
const readWhole = Effect.fnUntraced(function* ({ handle, stats }: OpenFile, maxBytes: number) {
  const tooLarge = Effect.fail(new FileTooLarge({ max: maxBytes }))
  if (stats.size > maxBytes) return yield* tooLarge
  // one more than it should need, which the end of the file leaves free
  let buffer = Buffer.allocUnsafeSlow(stats.size === 0n ? FIRST_BYTES : Number(stats.size) + 1)
  let length = 0
  for (;;) {
    const bytes = yield* readInto(handle, buffer, length)
    length += bytes
    if (length > maxBytes) return yield* tooLarge
    if (bytes === 0) return buffer.subarray(0, length)
    if (length === buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(2 * length, maxBytes + 1))
      buffer.copy(larger)
      buffer = larger
    }
  }
})

const read = Effect.fnUntraced(function* (file: string, maxBytes: number) {
  const notAFile = Effect.fail(new NotAFile({ path: file }))
  // what is no file is not opened: opening a device may already do something
  if (!(yield* statOf(file)).isFile()) return yield* notAFile
  return yield* using(file, fs.constants.O_RDONLY, 0, (open): ReturnType<LocalFiles["Service"]["read"]> =>
    open.stats.isFile() ? readWhole(open, maxBytes) : notAFile
  )
})

const write = (file: string, content: Uint8Array) =>
  Effect.uninterruptible(
    usingForWrite(file, NEW_FILE_MODE, (open) =>
      Effect.andThen(truncate(open), writeAll(open.handle, content))
    )
  )

const shown = (name: FilePath, type: Pick<Entry, "isDirectory" | "isFile">): FsReadDirectoryEntry => ({
  fileName: name.toString(),
  isDirectory: type.isDirectory(),
  isFile: type.isFile()
})

const list = Effect.fnUntraced(function* (directory: string) {
  const entries = yield* entriesOf(directory)
  const links = entries.filter((entry) => entry.isSymbolicLink())
  const followed = yield* Effect.forEach(
    links,
    ({ name }) =>
      Effect.match(statOf(join(directory, name)), {
        onSuccess: (target) => [shown(name, target)],
        onFailure: () => [] // it leads nowhere
      }),
    { concurrency: CONCURRENCY }
  )
  const others = entries.filter((entry) => !entry.isSymbolicLink())
  return others.map((entry) => shown(entry.name, entry)).concat(followed.flat())
})

export const layer: Layer.Layer<LocalFiles> = Layer.succeed(LocalFiles, {
  read,
  write,
  list,
  copyFile: FileCopy.copyFile,
  copyLink: FileCopy.copyLink,
  copyDirectory: FileCopy.copyDirectory,
  remove
})
