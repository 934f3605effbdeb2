/** `fs/*` on the wire. What a connection asks of one path happens in the order in which it asks. */
import * as Effect from "effect/Effect"
import * as Path from "effect/Path"
import * as Result from "effect/Result"
import { FileSystemRpcs } from "../rpc/FileSystem.ts"
import * as Base64 from "./Base64.ts"
import { Connection } from "./Connection.ts"
import { FileSystem } from "./FileSystem.ts"
import { InvalidContent, NulInPath, type FileSystemError } from "./FileSystemError.ts"
import { FileWatches } from "./FileWatches.ts"
import * as FileTurns from "./FileTurns.ts"
import * as LargeAnswers from "./LargeAnswers.ts"
import * as PerConnection from "./PerConnection.ts"
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
    /** Of each connection its own, for here a slow client may let its own requests wait. */
    const turnsOf = PerConnection.make(FileTurns.make)

    /** Does it behind what the connection has asked of these paths before. */
    const inOrder = <A, R>(names: ReadonlyArray<string>, act: Effect.Effect<A, FileSystemError, R>) => {
      const paths = names.map((name) => path.resolve(name))
      return Effect.flatMap(Connection, (connection) => turnsOf(connection).take(paths, act))
    }

    return {
      "fs/readFile": ({ path }) =>
        answer(
          inOrder(
            [path],
            Effect.flatMap(Connection, (connection) => fs.readFile(path, largeAnswers.take(connection)))
          ),
          (bytes) => ({ dataBase64: Base64.encode(bytes) })
        ),

      "fs/writeFile": ({ dataBase64, path }) => {
        const content = Base64.decode(dataBase64)
        return nothing(
          Result.isFailure(content)
            ? Effect.fail(new InvalidContent({ problem: content.failure }))
            : inOrder([path], fs.writeFile(path, content.success))
        )
      },

      "fs/createDirectory": ({ path, recursive }) =>
        nothing(inOrder([path], fs.createDirectory(path, recursive ?? true))),

      "fs/getMetadata": ({ path }) => answer(inOrder([path], fs.metadata(path)), (metadata) => metadata),

      "fs/readDirectory": ({ path }) =>
        answer(
          // nobody knows how long it becomes
          inOrder(
            [path],
            Effect.andThen(Effect.flatMap(Connection, largeAnswers.take), fs.readDirectory(path))
          ),
          (entries) => ({ entries })
        ),

      "fs/remove": ({ force, path, recursive }) =>
        nothing(inOrder([path], fs.remove(path, { recursive: recursive ?? true, force: force ?? true }))),

      "fs/copy": ({ destinationPath, recursive, sourcePath }) =>
        nothing(
          inOrder([sourcePath, destinationPath], fs.copy(sourcePath, destinationPath, recursive ?? false))
        ),

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
