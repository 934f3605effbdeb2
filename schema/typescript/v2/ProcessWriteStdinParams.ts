// GENERATED from the schemas of the server. Changes made here are lost.

export type ProcessWriteStdinParams = {
  /** The client's name for the process, unique among the running ones of its connection; not empty. */
  processHandle: string
  /** Bytes for stdin. */
  deltaBase64?: string | null
  /** End stdin, after the bytes if there are any. */
  closeStdin?: boolean
}
