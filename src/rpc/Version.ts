/** The versions that `initialize` tells. */

/** The protocol that is spoken: that of this version of Codex. Clients compare it with what they need. */
export const PROTOCOL_VERSION = "0.169.0"

/** This server's own. */
export const SERVER_VERSION = "0.1.0"
