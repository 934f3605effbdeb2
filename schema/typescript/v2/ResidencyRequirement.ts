// GENERATED from the schemas of the server. Changes made here are lost.

/** The region in which data has to stay. */
export type ResidencyRequirement = "us"
