/** What is in a directory, whatever its names are, and something done to all of it. */
import type * as fs from "node:fs"
import * as fsp from "node:fs/promises"
import * as Effect from "effect/Effect"
import type { SystemRefusal } from "../services/FileSystemError.ts"
import { call } from "./OpenFile.ts"

/** So many calls at once keep the threads busy (Node has four), and leave room for the requests of others. */
export const CONCURRENCY = 4

/** What stands in a text for bytes that are no UTF-8. */
const REPLACEMENT = "\ufffd"

/** A path or a name: as text, or as its bytes if these are no UTF-8. */
export type FilePath = string | Buffer

const bytesOf = (path: FilePath): Buffer => (typeof path === "string" ? Buffer.from(path) : path)

export const join = (directory: FilePath, name: FilePath): FilePath =>
  typeof directory === "string" && typeof name === "string"
    ? `${directory}/${name}`
    : Buffer.concat([bytesOf(directory), bytesOf("/"), bytesOf(name)])

export interface Entry extends Pick<fs.Dirent, "isDirectory" | "isFile" | "isSymbolicLink"> {
  readonly name: FilePath
}

const OPTIONS = { withFileTypes: true } as const

/** Names as bytes cost ten times as much, so they are looked at only where they have to be. */
export const entriesOf = (directory: FilePath): Effect.Effect<ReadonlyArray<Entry>, SystemRefusal> =>
  Effect.flatMap(
    call(() => fsp.readdir(directory, OPTIONS)),
    (entries): Effect.Effect<ReadonlyArray<Entry>, SystemRefusal> =>
      entries.some(({ name }) => name.includes(REPLACEMENT))
        ? call(
            () =>
              // not so in the types of Node
              fsp.readdir(directory, { ...OPTIONS, encoding: "buffer" }) as unknown as Promise<Array<Entry>>
          )
        : Effect.succeed(entries)
  )

/** Does something to all entries; to directories one after another, so that only a path of them is at hand. */
export const forEachEntry = <E>(
  entries: ReadonlyArray<Entry>,
  each: {
    readonly directory: (entry: Entry) => Effect.Effect<void, E>
    readonly other: (entry: Entry) => Effect.Effect<void, E>
  }
): Effect.Effect<void, E> =>
  Effect.andThen(
    Effect.forEach(
      entries.filter((entry) => !entry.isDirectory()),
      each.other,
      { concurrency: CONCURRENCY, discard: true }
    ),
    Effect.forEach(
      entries.filter((entry) => entry.isDirectory()),
      each.directory,
      { discard: true }
    )
  )
