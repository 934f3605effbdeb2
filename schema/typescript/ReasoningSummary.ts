// GENERATED from the schemas of the server. Changes made here are lost.

/** How much the model tells of its reasoning. */
export type ReasoningSummary =
  | "auto"
  | "concise"
  | "detailed"
  /** No summaries. */
  | "none"
