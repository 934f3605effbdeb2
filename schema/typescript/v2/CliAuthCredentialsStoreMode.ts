// GENERATED from the schemas of the server. Changes made here are lost.

/** Where the credentials of a login are kept. */
export type CliAuthCredentialsStoreMode = "file" | "keyring" | "auto" | "ephemeral"
