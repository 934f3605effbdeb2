// GENERATED from the schemas of the server. Changes made here are lost.

/** Writes to stdin, ends it, or both. */
export type CommandExecWriteParams = {
  /** Names a running command of this connection. */
  processId: string
  /** Bytes for stdin: standard alphabet, padded, nothing else in between. */
  deltaBase64?: string | null
  /** End stdin, after the bytes if there are any. On a terminal: a newline and the EOF character. */
  closeStdin?: boolean
}
