// GENERATED from the schemas of the server. Changes made here are lost.
import type { AppToolApproval } from "./AppToolApproval"

export type AppToolsConfig = { [key in string]?: {
  enabled: boolean | null
  approval_mode: AppToolApproval | null
} }
