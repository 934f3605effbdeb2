// GENERATED from the schemas of the server. Changes made here are lost.
import type { AppLinksConfig } from "./AppLinksConfig"
import type { AppToolApproval } from "./AppToolApproval"
import type { AppToolsConfig } from "./AppToolsConfig"
import type { ApprovalsReviewer } from "./ApprovalsReviewer"
import type { AppsDefaultConfig } from "./AppsDefaultConfig"
import type { ToolExposureSurface } from "../ToolExposureSurface"

export type AppsConfig = {
  _default: AppsDefaultConfig | null
} & { [key in string]?: {
  enabled: boolean
  /** Where the tools of this app are not to be had. */
  omit_tools_from: Array<ToolExposureSurface> | null
  approvals_reviewer: ApprovalsReviewer | null
  destructive_enabled: boolean | null
  open_world_enabled: boolean | null
  default_tools_approval_mode: AppToolApproval | null
  default_tools_enabled: boolean | null
  tools: AppToolsConfig | null
  /** What holds for single accounts. */
  links: AppLinksConfig | null
} }
