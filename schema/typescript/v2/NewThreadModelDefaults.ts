// GENERATED from the schemas of the server. Changes made here are lost.
import type { ReasoningEffort } from "../ReasoningEffort"

export type NewThreadModelDefaults = {
  model: string | null
  modelReasoningEffort: ReasoningEffort | null
  serviceTier: string | null
}
