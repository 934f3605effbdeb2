// GENERATED from the schemas of the server. Changes made here are lost.

/** Writes to stdin, ends it, or both. */
export type ProcessWriteStdinParams = {
  /** The client's name for the process, unique among the running ones of its connection; not empty. */
  processHandle: string
  /** Bytes for stdin: standard alphabet, padded, nothing else in between. */
  deltaBase64?: string | null
  /** End stdin, after the bytes if there are any. On a terminal: a newline and the EOF character. */
  closeStdin?: boolean
}
