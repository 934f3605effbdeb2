/** `fs/*` on the wire, over Effect's FileSystem. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import { FileSystemRpcs } from "../rpc/FileSystem.ts"
import { internalError, invalidRequest } from "../rpc/WireError.ts"
import { ConnectionReady } from "./ServedRpcs.ts"
import * as Base64 from "./Base64.ts"
import * as SystemError from "./SystemError.ts"

const fromPlatformError = (error: PlatformError) => internalError(SystemError.text(error))

export const layer = FileSystemRpcs.middleware(ConnectionReady).toLayer(
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    return {
      "fs/readFile": Effect.fnUntraced(function* (params) {
        if (params.path.includes("\0")) {
          return yield* Effect.fail(invalidRequest("file name contained an unexpected NUL byte"))
        }
        const file = path.resolve(params.path)
        const { type } = yield* Effect.mapError(fs.stat(file), fromPlatformError)
        // opening a pipe would wait for its writer, reading a device might never end
        if (type !== "File")
          return yield* Effect.fail(invalidRequest(`path \`${params.path}\` is not a file`))
        const bytes = yield* Effect.mapError(fs.readFile(file), fromPlatformError)
        return { dataBase64: Base64.encode(bytes) }
      })
    }
  })
)
