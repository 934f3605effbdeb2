/**
 * Port: files of this machine, for what Effect's FileSystem has no means: to open without waiting for another process,
 * as at a pipe, to read no more than a bound, and to reach what has a name that is no UTF-8.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { FsReadDirectoryEntry } from "../rpc/FileSystem.ts"
import type { FileTooLarge, InvalidCopy, NotAFile, SystemRefusal } from "./FileSystemError.ts"

export class LocalFiles extends Context.Service<
  LocalFiles,
  {
    /** The content of a regular file, or of a link to one, unless it has more than `maxBytes`. */
    readonly read: (
      file: string,
      maxBytes: number
    ) => Effect.Effect<Uint8Array, NotAFile | FileTooLarge | SystemRefusal>
    /**
     * Makes a file or replaces the content of one. Devices are written to; what is neither is refused. It is not
     * interrupted, so that no half of a content stays.
     */
    readonly write: (file: string, content: Uint8Array) => Effect.Effect<void, NotAFile | SystemRefusal>
    /** What is directly in a directory, links followed, without those that lead nowhere. */
    readonly list: (directory: string) => Effect.Effect<ReadonlyArray<FsReadDirectoryEntry>, SystemRefusal>
    /** Copies a regular file and its mode; what is at the destination has its content replaced. */
    readonly copyFile: (
      source: string,
      destination: string
    ) => Effect.Effect<void, InvalidCopy | NotAFile | SystemRefusal>
    /** Copies a link; the destination must not be there. */
    readonly copyLink: (source: string, destination: string) => Effect.Effect<void, SystemRefusal>
    /**
     * Copies what is in a directory to one that is there: files, links and directories, nothing else. When it fails or
     * is interrupted, what has been copied stays.
     */
    readonly copyDirectory: (
      source: string,
      destination: string
    ) => Effect.Effect<void, InvalidCopy | NotAFile | SystemRefusal>
    /** Removes what is at a path, with `recursive` all that is in it, too. When it fails, a part may be gone. */
    readonly remove: (path: string, recursive: boolean) => Effect.Effect<void, SystemRefusal>
  }
>()("effect-app-server/LocalFiles") {}
