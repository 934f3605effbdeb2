// GENERATED from the schemas of the server. Changes made here are lost.
import type { ConfiguredHookHandler } from "./ConfiguredHookHandler"

export type ConfiguredHookMatcherGroup = {
  /** What the hooks are for; null is everything. */
  matcher: string | null
  hooks: Array<ConfiguredHookHandler>
}
