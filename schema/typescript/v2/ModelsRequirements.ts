// GENERATED from the schemas of the server. Changes made here are lost.
import type { NewThreadModelDefaults } from "./NewThreadModelDefaults"

export type ModelsRequirements = {
  /** What a new thread starts with. */
  newThread: NewThreadModelDefaults | null
}
