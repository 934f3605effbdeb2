// GENERATED from the schemas of the server. Changes made here are lost.

export type ForcedLoginMethod = "chatgpt" | "api"
