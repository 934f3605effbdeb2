/**
 * A token from a browser, whose WebSockets cannot have an `Authorization` header: the page offers the subprotocols
 * `effect-app-server` and `bearer.TOKEN`, with the token in base64url, and is answered the former.
 */

/** The only subprotocol that is ever answered. */
export const SUBPROTOCOL = "effect-app-server"
const PREFIX = "bearer."

/** The subprotocols that carry tokens. */
export const offers = (header: string | undefined): ReadonlyArray<string> =>
  (header ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name.startsWith(PREFIX))

/** The token of one of them, without blanks around it. */
export const decode = (offered: string): string | undefined => {
  const encoded = offered.slice(PREFIX.length)
  const bytes = Buffer.from(encoded, "base64url")
  if (bytes.toString("base64url") !== encoded) return undefined
  const token = bytes.toString().trim()
  return token === "" ? undefined : token
}
