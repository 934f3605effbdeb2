// GENERATED from the schemas of the server. Changes made here are lost.
import type { LegacyAppPathString } from "../LegacyAppPathString"

/** Where the desktop application puts new workspaces; it restricts no access. */
export type ApplicationStorageRequirements = {
  defaultProjectParent: LegacyAppPathString | null
  projectlessWorkspaceRoot: LegacyAppPathString | null
}
