/** What is in a directory, by the bytes of its names, and something done to all of it. */
import * as fs from "node:fs"
import * as fsp from "node:fs/promises"
import * as Effect from "effect/Effect"
import { call } from "./OpenFile.ts"

/** So many calls at once keep the threads busy (Node has four), and leave room for the requests of others. */
const CONCURRENCY = 4

/** A path in bytes. */
export type BytePath = Buffer<ArrayBuffer>

export const bytePath = (path: string): BytePath => Buffer.from(path)

const SLASH = Buffer.from("/")

export const join = (directory: BytePath, name: BytePath): BytePath => Buffer.concat([directory, SLASH, name])

export const entriesOf = (directory: fs.PathLike) =>
  call(
    () =>
      fsp.readdir(directory, { withFileTypes: true, encoding: "buffer" }) as unknown as Promise<
        Array<fs.Dirent & { readonly name: BytePath }>
      >
  )
export type Entry = Effect.Success<ReturnType<typeof entriesOf>>[number]

/** Does something to all entries, to directories one after another, so that no more is at hand than a path of them. */
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
