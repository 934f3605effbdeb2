// GENERATED from the schemas of the server. Changes made here are lost.

export type OtelToolResultLogConfig = {
  /** Bytes of each result of a tool that are logged. */
  max_bytes: number
}
