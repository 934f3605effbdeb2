// GENERATED from the schemas of the server. Changes made here are lost.

export type ConfigReadParams = {
  /** Also answer with `layers`. */
  includeLayers?: boolean
  /** Directory whose project configuration counts, too. */
  cwd?: string | null
}
