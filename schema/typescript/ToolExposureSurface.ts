// GENERATED from the schemas of the server. Changes made here are lost.

/** A way in which a tool reaches the model. */
export type ToolExposureSurface =
  /** Callable from code that the model writes. */
  | "code_mode"
  /** Found by searching. */
  | "deferred"
  /** Shown to the model from the start. */
  | "direct"
