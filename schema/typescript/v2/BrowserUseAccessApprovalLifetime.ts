// GENERATED from the schemas of the server. Changes made here are lost.

/** How long an approval holds. */
export type BrowserUseAccessApprovalLifetime = "turn" | "thread"
