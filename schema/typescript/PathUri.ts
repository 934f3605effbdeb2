// GENERATED from the schemas of the server. Changes made here are lost.

/** A path as a `file:` URI. */
export type PathUri = string
