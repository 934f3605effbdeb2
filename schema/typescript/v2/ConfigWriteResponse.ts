// GENERATED from the schemas of the server. Changes made here are lost.
import type { AbsolutePathBuf } from "../AbsolutePathBuf"
import type { OverriddenMetadata } from "./OverriddenMetadata"
import type { WriteStatus } from "./WriteStatus"

export type ConfigWriteResponse = {
  status: WriteStatus
  /** The version of the file as it is now. */
  version: string
  /** The file that was written. */
  filePath: AbsolutePathBuf
  /** Not null where the status is `okOverridden`. */
  overriddenMetadata: OverriddenMetadata | null
}
