// GENERATED from the schemas of the server. Changes made here are lost.

/** How long the model thinks, in a word that the model knows. */
export type ReasoningEffort = string
