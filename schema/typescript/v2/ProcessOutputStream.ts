// GENERATED from the schemas of the server. Changes made here are lost.

/** Which stream output came from. */
export type ProcessOutputStream =
  /** Standard output; on a terminal everything. */
  | "stdout"
  /** Standard error. */
  | "stderr"
