// GENERATED from the schemas of the server. Changes made here are lost.

/** What a client may tell. */
export type ClientNotification =
  | {
      method: "initialized"
    }
