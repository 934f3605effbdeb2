/** The `fs/*` family; of it `fs/readFile` and `fs/writeFile` are served. */
import * as Schema from "effect/Schema"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import { AbsolutePathBuf } from "./Primitives.ts"
import { WireError } from "./WireError.ts"

export const FsReadFileParams = Schema.Struct({
  path: AbsolutePathBuf.annotateKey({ description: "Absolute; links are followed." })
}).annotate({ identifier: "FsReadFileParams", description: "Reads one regular file. Never sandboxed." })

export const FsReadFileResponse = Schema.Struct({
  dataBase64: Schema.String.annotateKey({ description: "The whole content." })
}).annotate({ identifier: "FsReadFileResponse" })

export const FsWriteFileParams = Schema.Struct({
  path: AbsolutePathBuf.annotateKey({
    description: "Absolute; links are followed. The directory has to be there."
  }),
  dataBase64: Schema.String.annotateKey({
    description: "The whole content: standard alphabet, padded, nothing else in between."
  })
}).annotate({
  identifier: "FsWriteFileParams",
  description:
    "Makes a file, or replaces the content of one, which keeps its mode and its links. Never sandboxed."
})

export const FsWriteFileResponse = Schema.Struct({}).annotate({ identifier: "FsWriteFileResponse" })

export class FileSystemRpcs extends RpcGroup.make(
  Rpc.make("fs/readFile", { payload: FsReadFileParams, success: FsReadFileResponse, error: WireError }),
  Rpc.make("fs/writeFile", { payload: FsWriteFileParams, success: FsWriteFileResponse, error: WireError })
) {}
