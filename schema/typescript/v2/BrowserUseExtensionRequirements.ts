// GENERATED from the schemas of the server. Changes made here are lost.
import type { RequestHeader } from "./RequestHeader"

export type BrowserUseExtensionRequirements = {
  requestHeaders: Array<RequestHeader> | null
}
