// GENERATED from the schemas of the server. Changes made here are lost.

export type FsGetMetadataResponse = {
  /** It is a directory, or a link to one. */
  isDirectory: boolean
  /** It is a regular file, or a link to one; pipes, sockets and devices are none. */
  isFile: boolean
  /** The path itself is a symbolic link. */
  isSymlink: boolean
  /** When it was made, in Unix milliseconds; 0 where the file system does not know. */
  createdAtMs: number
  /** When its content last changed, in Unix milliseconds; 0 for what is before 1970. */
  modifiedAtMs: number
}
