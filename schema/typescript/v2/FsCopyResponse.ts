// GENERATED from the schemas of the server. Changes made here are lost.

export type FsCopyResponse = Record<string, never>
