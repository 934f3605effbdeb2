// GENERATED from the schemas of the server. Changes made here are lost.

export type MockExperimentalMethodResponse = {
  /** The same text, null if there was none. */
  echoed: string | null
}
