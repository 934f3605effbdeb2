/** The `fs/*` family; of it `fs/readFile` is served. */
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

export class FileSystemRpcs extends RpcGroup.make(
  Rpc.make("fs/readFile", { payload: FsReadFileParams, success: FsReadFileResponse, error: WireError })
) {}
