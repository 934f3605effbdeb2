// GENERATED from the schemas of the server. Changes made here are lost.

export type FsReadDirectoryEntry = {
  /** The name alone. Bytes that are no UTF-8 are U+FFFD; such a file cannot be named in a request. */
  fileName: string
  /** It is a directory, or a link to one. */
  isDirectory: boolean
  /** It is a regular file, or a link to one. */
  isFile: boolean
}
