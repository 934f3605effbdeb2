/**
 * Why a request about files is refused. Plain values without a stack: refusing must cost no more than serving.
 * `WireErrors` has their codes and texts.
 */
import * as Data from "effect/Data"
import * as SystemError from "./SystemError.ts"

/** The system refused; `text` is its own. */
export class SystemRefusal extends Data.TaggedClass("SystemRefusal")<{ readonly text: string }> {
  /** From whatever the system's error is wrapped in. */
  static from(error: unknown): SystemRefusal {
    return new SystemRefusal({ text: SystemError.text(error) })
  }

  /** Whether it is the error of this code, such as `ENOENT`. */
  is(code: string): boolean {
    return this.text === SystemError.textOf(code)
  }
}
export class NulInPath extends Data.TaggedClass("NulInPath")<{}> {}
/** Only regular files have a content that can be read as a whole, or replaced. */
export class NotAFile extends Data.TaggedClass("NotAFile")<{ readonly path: string }> {}
/** More bytes than `max`, which is as many as are read of one file. */
export class FileTooLarge extends Data.TaggedClass("FileTooLarge")<{ readonly max: number }> {}
/** The content of a file is no base64. */
export class InvalidContent extends Data.TaggedClass("InvalidContent")<{ readonly problem: string }> {}
/** The two paths of a copy, and what is at them, do not fit together. */
export class InvalidCopy extends Data.TaggedClass("InvalidCopy")<{
  readonly reason: "DirectoryWithoutRecursive" | "DirectoryIntoItself" | "FileOntoItself" | "UnsupportedKind"
}> {}
/** A watch of that name is there on this connection already. */
export class DuplicateWatch extends Data.TaggedClass("DuplicateWatch")<{ readonly watchId: string }> {}
/** No place is left for another watch: `current` of `max` places are taken. */
export class TooManyWatches extends Data.TaggedClass("TooManyWatches")<{
  readonly max: number
  readonly current: number
}> {}
/** The system has no more watches for us; `setting` is the one that bounds them. */
export class OutOfWatches extends Data.TaggedClass("OutOfWatches")<{
  readonly text: string
  readonly setting: string
}> {}

export type FileSystemError =
  | SystemRefusal
  | NulInPath
  | NotAFile
  | FileTooLarge
  | InvalidContent
  | InvalidCopy
  | DuplicateWatch
  | TooManyWatches
  | OutOfWatches
