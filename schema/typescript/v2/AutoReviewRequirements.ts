// GENERATED from the schemas of the server. Changes made here are lost.

export type AutoReviewRequirements = {
  requiredOnModels: Array<string> | null
  ignoreRules: Array<string> | null
}
