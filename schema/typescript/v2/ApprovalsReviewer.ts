// GENERATED from the schemas of the server. Changes made here are lost.

/** Who decides on a request for approval: the user, or a model that weighs its risk. */
export type ApprovalsReviewer = "user" | "auto_review" | "guardian_subagent"
