// GENERATED from the schemas of the server. Changes made here are lost.

/** How long the model's answers are. */
export type Verbosity = "low" | "medium" | "high"
