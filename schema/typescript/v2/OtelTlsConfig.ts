// GENERATED from the schemas of the server. Changes made here are lost.

export type OtelTlsConfig = {
  "ca-certificate": string | null
  "client-certificate": string | null
  "client-private-key": string | null
}
