// GENERATED from the schemas of the server. Changes made here are lost.

/** The only workspaces in which a login counts: one, or a list of them. */
export type ForcedChatgptWorkspaceIds = string | Array<string>
