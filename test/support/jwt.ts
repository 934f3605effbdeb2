/** Tokens as any library would sign them, and as none would. */
import * as crypto from "node:crypto"

export const SECRET = "0123456789abcdef0123456789abcdef"

const base64url = (text: string) => Buffer.from(text).toString("base64url")

export interface SignOptions {
  readonly header?: object
  readonly secret?: string
  readonly hash?: string
}

/** `claims` as text are taken as they are. */
export const sign = (
  claims: object | string,
  { hash = "sha256", header = { alg: "HS256", typ: "JWT" }, secret = SECRET }: SignOptions = {}
): string => {
  const payload = base64url(typeof claims === "string" ? claims : JSON.stringify(claims))
  const input = `${base64url(JSON.stringify(header))}.${payload}`
  return `${input}.${crypto.createHmac(hash, secret).update(input).digest("base64url")}`
}
