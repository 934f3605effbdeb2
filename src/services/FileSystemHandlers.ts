/** `fs/*` on the wire. */
import * as Effect from "effect/Effect"
import * as Path from "effect/Path"
import * as Result from "effect/Result"
import { FileSystemRpcs } from "../rpc/FileSystem.ts"
import * as Base64 from "./Base64.ts"
import { Connection } from "./Connection.ts"
import { FileSystem } from "./FileSystem.ts"
import { InvalidContent, NulInPath, type FileSystemError } from "./FileSystemError.ts"
import { FileWatches } from "./FileWatches.ts"
import * as LargeAnswers from "./LargeAnswers.ts"
import { ConnectionReady } from "./ServedRpcs.ts"
import { fromFileSystemError } from "./WireErrors.ts"

const answer = <A, B, R>(effect: Effect.Effect<A, FileSystemError, R>, onSuccess: (value: A) => B) =>
  Effect.mapBoth(effect, { onSuccess, onFailure: fromFileSystemError })

const nothing = <R>(effect: Effect.Effect<void, FileSystemError, R>) => answer(effect, () => ({}))

export const layer = FileSystemRpcs.middleware(ConnectionReady).toLayer(
  Effect.gen(function* () {
    const fs = yield* FileSystem
    const watches = yield* FileWatches
    const path = yield* Path.Path
    const largeAnswers = LargeAnswers.make()

    /** In its turn, for nobody knows how long it becomes. */
    const withLargeAnswer = <A>(
      prepare: (beforeLarge: Effect.Effect<void>) => Effect.Effect<A, FileSystemError>
    ) =>
      Effect.flatMap(Connection, (connection) =>
        prepare(Effect.provideService(largeAnswers.take, Connection, connection))
      )

    return {
      "fs/readFile": ({ path }) =>
        answer(
          withLargeAnswer((beforeLarge) => fs.readFile(path, beforeLarge)),
          (bytes) => ({ dataBase64: Base64.encode(bytes) })
        ),

      "fs/writeFile": ({ dataBase64, path }) => {
        const content = Base64.decode(dataBase64)
        return nothing(
          Result.isFailure(content)
            ? Effect.fail(new InvalidContent({ problem: content.failure }))
            : fs.writeFile(path, content.success)
        )
      },

      "fs/createDirectory": ({ path, recursive }) => nothing(fs.createDirectory(path, recursive ?? true)),

      "fs/getMetadata": ({ path }) => answer(fs.metadata(path), (metadata) => metadata),

      "fs/readDirectory": ({ path }) =>
        answer(
          withLargeAnswer((beforeLarge) => Effect.andThen(beforeLarge, fs.readDirectory(path))),
          (entries) => ({
            entries: entries.map(({ name, type }) => ({
              fileName: name,
              isDirectory: type === "Directory",
              isFile: type === "File"
            }))
          })
        ),

      "fs/remove": ({ force, path, recursive }) =>
        nothing(fs.remove(path, { recursive: recursive ?? true, force: force ?? true })),

      "fs/copy": ({ destinationPath, recursive, sourcePath }) =>
        nothing(fs.copy(sourcePath, destinationPath, recursive ?? false)),

      "fs/watch": ({ path: name, watchId }) => {
        const watched = path.resolve(name)
        return answer(
          name.includes("\0") ? Effect.fail(new NulInPath()) : watches.start(watchId, watched),
          () => ({ path: watched })
        )
      },

      "fs/unwatch": ({ watchId }) => nothing(watches.stop(watchId))
    }
  })
)
