// GENERATED from the schemas of the server. Changes made here are lost.

export type MockExperimentalMethodParams = {
  /** Any text. */
  value?: string | null
}
