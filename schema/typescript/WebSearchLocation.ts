// GENERATED from the schemas of the server. Changes made here are lost.

export type WebSearchLocation = {
  country: string | null
  region: string | null
  city: string | null
  timezone: string | null
}
