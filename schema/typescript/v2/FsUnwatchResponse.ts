// GENERATED from the schemas of the server. Changes made here are lost.

export type FsUnwatchResponse = Record<string, never>
