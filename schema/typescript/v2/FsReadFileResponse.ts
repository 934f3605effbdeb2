// GENERATED from the schemas of the server. Changes made here are lost.

export type FsReadFileResponse = {
  /** The whole content. */
  dataBase64: string
}
