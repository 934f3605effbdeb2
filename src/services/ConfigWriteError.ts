/** Why a change of the configuration is refused; `ConfigHandlers` has the codes and texts of the wire. */
import * as Data from "effect/Data"

/** Another file than the user's. */
export class ConfigLayerReadonly extends Data.TaggedClass("ConfigLayerReadonly")<{}> {}
/** The file is not what the client has read. */
export class ConfigVersionConflict extends Data.TaggedClass("ConfigVersionConflict")<{}> {}
/** A key or value that may not be written; `problem` is a sentence. */
export class InvalidConfigEdit extends Data.TaggedClass("InvalidConfigEdit")<{
  readonly problem: string
}> {}
/** The system does not let us write the file. */
export class ConfigUnwritable extends Data.TaggedClass("ConfigUnwritable")<{
  readonly path: string
  readonly problem: string
}> {}

export type ConfigWriteError =
  ConfigLayerReadonly | ConfigVersionConflict | InvalidConfigEdit | ConfigUnwritable
