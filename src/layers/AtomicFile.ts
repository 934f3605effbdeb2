/** Replaces a file as a whole: whoever reads it finds the old content or the new, also after a crash. */
import * as crypto from "node:crypto"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"

/** A file that was not there is for its owner alone, for a configuration may hold secrets. */
const NEW_FILE_MODE = 0o600
const PERMISSIONS = 0o7777

/** The file behind symbolic links, whether it exists or not. That they are no circle must be known. */
const behindLinks = (fs: FileSystem.FileSystem, path: Path.Path, file: string): Effect.Effect<string> =>
  fs.readLink(file).pipe(
    Effect.flatMap((target) => behindLinks(fs, path, path.resolve(path.dirname(file), target))),
    Effect.catch(() => Effect.succeed(file))
  )

/**
 * Writes `text` to `file`, which stays a symbolic link if it is one. A missing directory is made; the permissions
 * stay. On failure nothing is left behind.
 */
export const replace = Effect.fnUntraced(function* (file: string, text: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const target = yield* behindLinks(fs, path, file)
  yield* fs.makeDirectory(path.dirname(target), { recursive: true })
  const mode = yield* fs.stat(target).pipe(
    Effect.map((info) => info.mode & PERMISSIONS),
    Effect.catchIf(
      (error) => error.reason._tag === "NotFound",
      () => Effect.succeed(NEW_FILE_MODE)
    )
  )
  const temporary = `${target}.${crypto.randomBytes(8).toString("hex")}.tmp`
  const write = Effect.scoped(
    Effect.gen(function* () {
      const handle = yield* fs.open(temporary, { flag: "wx", mode: NEW_FILE_MODE })
      yield* handle.writeAll(new TextEncoder().encode(text))
      // not by `open`, whose mode the umask reduces
      yield* fs.chmod(temporary, mode)
      yield* handle.sync
    })
  )
  yield* Effect.andThen(write, fs.rename(temporary, target)).pipe(
    Effect.onError(() => Effect.ignore(fs.remove(temporary, { force: true }))),
    Effect.uninterruptible
  )
})
