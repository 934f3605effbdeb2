/**
 * Removes trees. Each directory is emptied through its own descriptor: who puts a link in its place meanwhile leads
 * nowhere else, and no path becomes too long.
 */
import * as fs from "node:fs"
import * as fsp from "node:fs/promises"
import * as Effect from "effect/Effect"
import { SystemRefusal } from "../services/FileSystemError.ts"
import * as SystemError from "../services/SystemError.ts"
import { entriesOf, forEachEntry, join, type FilePath } from "./DirectoryWalk.ts"
import { call, using } from "./OpenFile.ts"

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = fs.constants

/** What others remove at the same time is removed. */
const unlessGone = (effect: Effect.Effect<void, SystemRefusal>) =>
  Effect.catchIf(
    effect,
    (error) => error.is("ENOENT"),
    () => Effect.void
  )

const removeTree = (directory: FilePath): Effect.Effect<void, SystemRefusal> =>
  using(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, ({ handle }) => {
    const here = `/proc/self/fd/${handle.fd}`
    return Effect.flatMap(entriesOf(here), (entries) =>
      forEachEntry(entries, {
        directory: ({ name }) => unlessGone(removeTree(join(here, name))),
        other: ({ name }) => unlessGone(call(() => fsp.unlink(join(here, name))))
      })
    )
  }).pipe(Effect.andThen(call(() => fsp.rmdir(directory))))

/** Removes a file, a link or a directory, with `recursive` and all that is in it. */
export const remove = Effect.fnUntraced(function* (path: string, recursive: boolean) {
  // the system says so only when all is gone that is in it
  if (path === "/") return yield* Effect.fail(new SystemRefusal({ text: SystemError.textOf("EBUSY") }))
  const stats = yield* call(() => fsp.lstat(path))
  if (!stats.isDirectory()) return yield* call(() => fsp.unlink(path))
  return yield* recursive ? removeTree(path) : call(() => fsp.rmdir(path))
})
