// GENERATED from the schemas of the server. Changes made here are lost.

export type ClientInfo = {
  /** Name of the client program. It becomes part of `userAgent`, so it must be a valid header value. */
  name: string
  /** A name for people. */
  title: string | null
  version: string
}
