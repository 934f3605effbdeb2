/**
 * What the `fs/*` methods do with files and directories: on Effect's FileSystem, and on `LocalFiles` where that has no
 * means. Paths are absolute. What is done with one path takes turns, so that no two writes mix.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as PlatformFileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import type { FsGetMetadataResponse, FsReadDirectoryEntry } from "../rpc/FileSystem.ts"
import { InvalidCopy, NulInPath, SystemRefusal, type FileSystemError } from "./FileSystemError.ts"
import * as FileTurns from "./FileTurns.ts"
import { Limits } from "./Limits.ts"
import { LocalFiles } from "./LocalFiles.ts"

/** As many bytes as the answer to a request may have without that anybody minds: what a socket takes at once. */
export const SMALL_FILE_BYTES = 64 * 1024

export class FileSystem extends Context.Service<
  FileSystem,
  {
    /**
     * The content of a regular file, if it is not above `maxReadFileBytes`. `beforeLarge` comes first where it may
     * have more than {@link SMALL_FILE_BYTES}.
     */
    readonly readFile: (
      file: string,
      beforeLarge: Effect.Effect<void>
    ) => Effect.Effect<Uint8Array, FileSystemError>
    /** Makes a file, or replaces its content. */
    readonly writeFile: (file: string, content: Uint8Array) => Effect.Effect<void, FileSystemError>
    /** Makes a directory; with `recursive` also those above, and it may be there already. */
    readonly createDirectory: (directory: string, recursive: boolean) => Effect.Effect<void, FileSystemError>
    readonly metadata: (path: string) => Effect.Effect<FsGetMetadataResponse, FileSystemError>
    /** What is directly in a directory, links followed. */
    readonly readDirectory: (
      directory: string
    ) => Effect.Effect<ReadonlyArray<FsReadDirectoryEntry>, FileSystemError>
    /** With `recursive` removes what is in a directory, too; with `force` nothing need be there. */
    readonly remove: (
      path: string,
      options: { readonly recursive: boolean; readonly force: boolean }
    ) => Effect.Effect<void, FileSystemError>
    /** Copies a file, a link, or with `recursive` a directory, which joins what is there. */
    readonly copy: (
      source: string,
      destination: string,
      recursive: boolean
    ) => Effect.Effect<void, FileSystemError>
  }
>()("effect-app-server/FileSystem") {
  static readonly layer: Layer.Layer<
    FileSystem,
    never,
    PlatformFileSystem.FileSystem | LocalFiles | Path.Path
  > = Layer.effect(
    FileSystem,
    Effect.gen(function* () {
      const platform = yield* PlatformFileSystem.FileSystem
      const files = yield* LocalFiles
      const path = yield* Path.Path
      const { maxReadFileBytes } = yield* Limits
      const turns = FileTurns.make()

      const stat = (name: string) => Effect.mapError(platform.stat(name), SystemRefusal.from)
      const lstat = (name: string) => Effect.mapError(platform.lstat(name), SystemRefusal.from)
      const realPath = (name: string) => Effect.mapError(platform.realPath(name), SystemRefusal.from)
      const isDirectory = (name: string) =>
        Effect.match(platform.stat(name), {
          onSuccess: ({ type }) => type === "Directory",
          onFailure: () => false
        })

      const pathOf = (name: string): Effect.Effect<string, NulInPath> =>
        name.includes("\0") ? Effect.fail(new NulInPath()) : Effect.succeed(path.resolve(name))

      /** Does something with what is at a path when it is its turn. */
      const at = <A>(name: string, use: (file: string) => Effect.Effect<A, FileSystemError>) =>
        Effect.flatMap(pathOf(name), (file) => turns.take([file], use(file)))

      const makeDirectory = (directory: string) =>
        Effect.mapError(platform.makeDirectory(directory), SystemRefusal.from)

      /** Not by Node's own means: those never end where the system makes no directories, as below `/proc`. */
      const makeDirectories = (directory: string): Effect.Effect<void, SystemRefusal> => {
        const orIsThere = (error: SystemRefusal) =>
          Effect.flatMap(isDirectory(directory), (is) => (is ? Effect.void : Effect.fail(error)))
        return Effect.catch(makeDirectory(directory), (error) =>
          error.is("ENOENT") && directory !== "/"
            ? Effect.andThen(
                makeDirectories(path.dirname(directory)),
                Effect.catch(makeDirectory(directory), orIsThere)
              )
            : orIsThere(error)
        )
      }

      /** The path without links, as far as it is there. */
      const resolved = (name: string): Effect.Effect<string, SystemRefusal> =>
        Effect.catch(realPath(name), (error) =>
          name === "/"
            ? Effect.fail(error)
            : Effect.map(resolved(path.dirname(name)), (above) => path.join(above, path.basename(name)))
        )

      const copyDirectory = Effect.fnUntraced(function* (source: string, destination: string) {
        const [from, to] = [yield* realPath(source), yield* resolved(destination)]
        if (to === from || to.startsWith(from === "/" ? "/" : `${from}/`)) {
          return yield* Effect.fail(new InvalidCopy({ reason: "DirectoryIntoItself" }))
        }
        yield* makeDirectories(destination)
        return yield* files.copyDirectory(source, destination)
      })

      const copy = Effect.fnUntraced(function* (source: string, destination: string, recursive: boolean) {
        const { type } = yield* lstat(source)
        switch (type) {
          case "File":
            return yield* files.copyFile(source, destination)
          case "SymbolicLink":
            return yield* files.copyLink(source, destination)
          case "Directory":
            return yield* recursive
              ? copyDirectory(source, destination)
              : Effect.fail(new InvalidCopy({ reason: "DirectoryWithoutRecursive" }))
          default:
            return yield* Effect.fail(new InvalidCopy({ reason: "UnsupportedKind" }))
        }
      })

      return {
        readFile: Effect.fnUntraced(function* (name, beforeLarge) {
          const { size, type } = yield* Effect.flatMap(pathOf(name), stat)
          // the files of `/proc` say that they are empty
          const mayBeLarge = size === 0n || size > SMALL_FILE_BYTES
          // not in its turn: nobody else waits for the file meanwhile
          if (type === "File" && mayBeLarge && size <= maxReadFileBytes) yield* beforeLarge
          return yield* at(name, (file) => files.read(file, maxReadFileBytes))
        }),
        writeFile: (name, content) => at(name, (file) => files.write(file, content)),
        createDirectory: (name, recursive) =>
          at(name, (directory) => (recursive ? makeDirectories(directory) : makeDirectory(directory))),
        metadata: (name) =>
          at(
            name,
            Effect.fnUntraced(function* (file) {
              const target = yield* stat(file)
              const { type } = yield* lstat(file)
              return {
                isDirectory: target.type === "Directory",
                isFile: target.type === "File",
                isSymlink: type === "SymbolicLink",
                createdAtMs: unixMs(target.birthtime),
                modifiedAtMs: unixMs(target.mtime)
              }
            })
          ),
        readDirectory: (name) => at(name, files.list),
        remove: (name, { force, recursive }) =>
          at(name, (file) =>
            Effect.catchIf(
              files.remove(file, recursive),
              (error) => force && error.is("ENOENT"),
              () => Effect.void
            )
          ),
        copy: Effect.fnUntraced(function* (source, destination, recursive) {
          const [from, to] = [yield* pathOf(source), yield* pathOf(destination)]
          return yield* turns.take([from, to], copy(from, to, recursive))
        })
      }
    })
  )
}

const unixMs = (date: Option.Option<Date>): number =>
  Option.match(date, {
    onNone: () => 0,
    // a time that no Date can hold is NaN
    onSome: (date) => Math.max(0, date.getTime() || 0)
  })
