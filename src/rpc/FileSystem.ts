/**
 * The `fs/*` family: files and directories of the server's machine, and notifications when they change. It is stable,
 * and never sandboxed: clients do what the server's user may do.
 */
import * as Schema from "effect/Schema"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import { AbsolutePathBuf, Int64, optional, optionalNullable } from "./Primitives.ts"
import { WireError } from "./WireError.ts"

const path = (description: string) => AbsolutePathBuf.annotateKey({ description })

export const FsReadFileParams = Schema.Struct({
  path: path("Absolute; links are followed.")
}).annotate({
  identifier: "FsReadFileParams",
  description: "Reads one regular file, by default of at most 67108864 bytes. Never sandboxed."
})

export const FsReadFileResponse = Schema.Struct({
  dataBase64: Schema.String.annotateKey({ description: "The whole content." })
}).annotate({ identifier: "FsReadFileResponse" })

export const FsWriteFileParams = Schema.Struct({
  path: path("Absolute; links are followed. The directory has to be there."),
  dataBase64: Schema.String.annotateKey({
    description: "The whole content: standard alphabet, padded, nothing else in between."
  })
}).annotate({
  identifier: "FsWriteFileParams",
  description:
    "Makes a file, or replaces the content of one, which keeps its mode and its links. Never sandboxed."
})

export const FsWriteFileResponse = Schema.Struct({}).annotate({ identifier: "FsWriteFileResponse" })

export const FsCreateDirectoryParams = Schema.Struct({
  path: path("Absolute."),
  recursive: optionalNullable(Schema.Boolean).annotateKey({
    description:
      "True by default: makes the directories above, too, and is content with a directory that is there."
  })
}).annotate({ identifier: "FsCreateDirectoryParams", description: "Makes a directory. Never sandboxed." })

export const FsCreateDirectoryResponse = Schema.Struct({}).annotate({
  identifier: "FsCreateDirectoryResponse"
})

export const FsGetMetadataParams = Schema.Struct({
  path: path("Absolute.")
}).annotate({
  identifier: "FsGetMetadataParams",
  description: "Tells what is at a path. Where a link leads to counts, but for `isSymlink`. Never sandboxed."
})

export const FsGetMetadataResponse = Schema.Struct({
  isDirectory: Schema.Boolean.annotateKey({ description: "It is a directory, or a link to one." }),
  isFile: Schema.Boolean.annotateKey({
    description: "It is a regular file, or a link to one; pipes, sockets and devices are none."
  }),
  isSymlink: Schema.Boolean.annotateKey({ description: "The path itself is a symbolic link." }),
  createdAtMs: Int64.annotateKey({
    description: "When it was made, in Unix milliseconds; 0 where the file system does not know."
  }),
  modifiedAtMs: Int64.annotateKey({
    description: "When its content last changed, in Unix milliseconds; 0 for what is before 1970."
  })
}).annotate({ identifier: "FsGetMetadataResponse" })
export type FsGetMetadataResponse = typeof FsGetMetadataResponse.Type

export const FsReadDirectoryParams = Schema.Struct({
  path: path("Absolute; links are followed.")
}).annotate({ identifier: "FsReadDirectoryParams", description: "Lists a directory. Never sandboxed." })

export const FsReadDirectoryEntry = Schema.Struct({
  fileName: Schema.String.annotateKey({
    description:
      "The name alone. Bytes that are no UTF-8 are U+FFFD; such a file cannot be named in a request."
  }),
  isDirectory: Schema.Boolean.annotateKey({ description: "It is a directory, or a link to one." }),
  isFile: Schema.Boolean.annotateKey({ description: "It is a regular file, or a link to one." })
}).annotate({ identifier: "FsReadDirectoryEntry" })
export type FsReadDirectoryEntry = typeof FsReadDirectoryEntry.Type

export const FsReadDirectoryResponse = Schema.Struct({
  entries: Schema.Array(FsReadDirectoryEntry).annotateKey({
    description: "In no order, hidden ones included; links that lead nowhere are left out."
  })
}).annotate({ identifier: "FsReadDirectoryResponse" })

export const FsRemoveParams = Schema.Struct({
  path: path("Absolute. A link is removed itself, not what it leads to."),
  recursive: optionalNullable(Schema.Boolean).annotateKey({
    description:
      "True by default: removes all that is in a directory, too. Without it a directory has to be empty."
  }),
  force: optionalNullable(Schema.Boolean).annotateKey({
    description: "True by default: is content when nothing is at the path."
  })
}).annotate({
  identifier: "FsRemoveParams",
  description: "Removes a file, a link or a directory. Never sandboxed."
})

export const FsRemoveResponse = Schema.Struct({}).annotate({ identifier: "FsRemoveResponse" })

export const FsCopyParams = Schema.Struct({
  sourcePath: path("Absolute. A link is copied as a link."),
  destinationPath: path("Absolute: the copy's own path, not the directory to put it in."),
  recursive: optional(Schema.Boolean).annotateKey({
    description: "Has to be true for a directory; does not matter for anything else."
  })
}).annotate({
  identifier: "FsCopyParams",
  description:
    "Copies a regular file with its mode, a link, or a directory with all of these that are in it, which joins what is there. A file replaces the content of another one; a link replaces nothing. Never sandboxed."
})

export const FsCopyResponse = Schema.Struct({}).annotate({ identifier: "FsCopyResponse" })

const watchId = (description: string) => Schema.String.annotateKey({ description })

export const FsWatchParams = Schema.Struct({
  watchId: watchId("The client's name for the watch, unique among those of its connection."),
  path: path("Absolute; a file or a directory, which need not exist yet.")
}).annotate({
  identifier: "FsWatchParams",
  description:
    "From the answer on `fs/changed` tells when the path changes, or what is directly in it. It ends with `fs/unwatch` or the connection. Never sandboxed."
})

export const FsWatchResponse = Schema.Struct({
  path: path("The path without `.`, `..` and what is doubled; links stay.")
}).annotate({ identifier: "FsWatchResponse" })

export const FsUnwatchParams = Schema.Struct({
  watchId: watchId("As given in `fs/watch`. One that is not in use is fine, too.")
}).annotate({
  identifier: "FsUnwatchParams",
  description: "Ends a watch. No `fs/changed` follows the answer."
})

export const FsUnwatchResponse = Schema.Struct({}).annotate({ identifier: "FsUnwatchResponse" })

export const FsChangedNotification = Schema.Struct({
  watchId: watchId("As given in `fs/watch`."),
  changedPaths: Schema.Array(AbsolutePathBuf).annotateKey({
    description:
      "What was made, changed, moved or removed, sorted, each once. The watched path alone stands for more than 1000."
  })
}).annotate({
  identifier: "FsChangedNotification",
  description: "Something changed under a watch, within 200 ms of the first of these changes."
})
export type FsChangedNotification = typeof FsChangedNotification.Type

export class FileSystemRpcs extends RpcGroup.make(
  Rpc.make("fs/readFile", { payload: FsReadFileParams, success: FsReadFileResponse, error: WireError }),
  Rpc.make("fs/writeFile", { payload: FsWriteFileParams, success: FsWriteFileResponse, error: WireError }),
  Rpc.make("fs/createDirectory", {
    payload: FsCreateDirectoryParams,
    success: FsCreateDirectoryResponse,
    error: WireError
  }),
  Rpc.make("fs/getMetadata", {
    payload: FsGetMetadataParams,
    success: FsGetMetadataResponse,
    error: WireError
  }),
  Rpc.make("fs/readDirectory", {
    payload: FsReadDirectoryParams,
    success: FsReadDirectoryResponse,
    error: WireError
  }),
  Rpc.make("fs/remove", { payload: FsRemoveParams, success: FsRemoveResponse, error: WireError }),
  Rpc.make("fs/copy", { payload: FsCopyParams, success: FsCopyResponse, error: WireError }),
  Rpc.make("fs/watch", { payload: FsWatchParams, success: FsWatchResponse, error: WireError }),
  Rpc.make("fs/unwatch", { payload: FsUnwatchParams, success: FsUnwatchResponse, error: WireError })
) {}
