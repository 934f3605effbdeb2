/** `fs/*` on the wire, over Effect's FileSystem. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import * as Result from "effect/Result"
import { FileSystemRpcs } from "../rpc/FileSystem.ts"
import { internalError, invalidRequest, type WireError } from "../rpc/WireError.ts"
import { ConnectionReady } from "./ServedRpcs.ts"
import * as Base64 from "./Base64.ts"
import * as FileTurns from "./FileTurns.ts"
import * as SystemError from "./SystemError.ts"

const INVALID_ARGUMENT = SystemError.textOf("EINVAL")

const fromPlatformError = (error: PlatformError) => {
  const text = SystemError.text(error)
  return text === INVALID_ARGUMENT ? invalidRequest(text) : internalError(text)
}

const notAFile = (name: string) => invalidRequest(`path \`${name}\` is not a file`)

export const layer = FileSystemRpcs.middleware(ConnectionReady).toLayer(
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const turns = FileTurns.make()

    /** Does something with the file of this name, when it is its turn. */
    const at = <A>(name: string, use: (file: string) => Effect.Effect<A, WireError>) => {
      if (name.includes("\0")) {
        return Effect.fail(invalidRequest("file name contained an unexpected NUL byte"))
      }
      const file = path.resolve(name)
      return turns.take(file, use(file))
    }

    const read = Effect.fnUntraced(function* (name: string, file: string) {
      const { type } = yield* Effect.mapError(fs.stat(file), fromPlatformError)
      // opening a pipe would wait for its writer, reading a device might never end
      if (type !== "File") return yield* Effect.fail(notAFile(name))
      return yield* Effect.mapError(fs.readFile(file), fromPlatformError)
    })

    const write = Effect.fnUntraced(function* (name: string, file: string, bytes: Uint8Array) {
      const target = yield* Effect.option(fs.stat(file)) // what is wrong with it is for the write to say
      const type = Option.isSome(target) ? target.value.type : "File"
      // opening a pipe would wait for its reader
      if (type === "FIFO") return yield* Effect.fail(notAFile(name))
      const written = Effect.mapError(fs.writeFile(file, bytes), fromPlatformError)
      // a client that hangs up leaves no half of a file; a device may block for ever
      yield* type === "File" ? Effect.uninterruptible(written) : written
    })

    return {
      "fs/readFile": ({ path: name }) =>
        Effect.map(
          at(name, (file) => read(name, file)),
          (bytes) => ({ dataBase64: Base64.encode(bytes) })
        ),

      "fs/writeFile": ({ dataBase64, path: name }) => {
        const bytes = Base64.decode(dataBase64)
        return Result.isFailure(bytes)
          ? Effect.fail(invalidRequest(`fs/writeFile requires valid base64 dataBase64: ${bytes.failure}`))
          : Effect.as(
              at(name, (file) => write(name, file, bytes.success)),
              {}
            )
      }
    }
  })
)
