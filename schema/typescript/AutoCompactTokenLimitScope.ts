// GENERATED from the schemas of the server. Changes made here are lost.

/** Which tokens count towards `model_auto_compact_token_limit`. */
export type AutoCompactTokenLimitScope =
  /** Everything in the context counts. */
  | "total"
  /** What follows the fixed beginning of the context counts. */
  | "body_after_prefix"
