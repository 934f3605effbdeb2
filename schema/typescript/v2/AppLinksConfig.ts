// GENERATED from the schemas of the server. Changes made here are lost.
import type { AppToolApproval } from "./AppToolApproval"
import type { ApprovalsReviewer } from "./ApprovalsReviewer"

/** What holds for the accounts of an app, by the id of the account's link. */
export type AppLinksConfig = { [key in string]?: {
  approvals_reviewer: ApprovalsReviewer | null
  default_tools_approval_mode: AppToolApproval | null
} }
