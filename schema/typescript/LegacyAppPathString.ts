// GENERATED from the schemas of the server. Changes made here are lost.

/** A path as some system writes it, absolute or not. */
export type LegacyAppPathString = string
