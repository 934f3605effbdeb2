// GENERATED from the schemas of the server. Changes made here are lost.

export type JsonValue = number | string | boolean | Array<JsonValue> | { [key in string]?: JsonValue } | null
