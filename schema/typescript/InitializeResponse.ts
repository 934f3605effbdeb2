// GENERATED from the schemas of the server. Changes made here are lost.
import type { AbsolutePathBuf } from "./AbsolutePathBuf"

export type InitializeResponse = {
  /** `<originator>/<version> (<os>; <architecture>) <terminal> (<client name>; <client version>)`. The originator is the first client of the server's life. */
  userAgent: string
  /** The server's configuration directory. */
  codexHome: AbsolutePathBuf
  /** `unix` or `windows`. */
  platformFamily: string
  /** `linux`, `macos` or `windows`. */
  platformOs: string
}
