// GENERATED from the schemas of the server. Changes made here are lost.

/** Whether the value takes the place of what is there, or a table is merged into it deeply. */
export type MergeStrategy = "replace" | "upsert"
