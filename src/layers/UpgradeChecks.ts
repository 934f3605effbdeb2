/**
 * What an HTTP request to a WebSocket listener is answered: a probe, a refusal, or the upgrade. There is no 404:
 * every path that is no probe is the WebSocket route. Order of the checks: Origin, version of HTTP, route,
 * method, upgrade form, host.
 */
import type { IncomingMessage } from "node:http"
import type { HostCheck } from "./HostCheck.ts"
import * as HttpAnswer from "./HttpAnswer.ts"
import * as RequestTarget from "./RequestTarget.ts"

export interface UpgradeRules {
  /** Pages from which a browser may come; without it no `Origin` is looked at. */
  readonly allowedOrigins?: ReadonlySet<string> | undefined
  readonly checkHost?: HostCheck | undefined
}

/** Node also reads 0.9 and 2.0, and a request line without any. */
const VERSIONS: ReadonlySet<string> = new Set(["1.0", "1.1"])
const PROBES: ReadonlySet<string> = new Set(["/readyz", "/healthz"])

const names = (header: string | undefined, token: string) =>
  header?.split(",").some((value) => value.trim().toLowerCase() === token) === true

/** The answer to an upgrade for which there is no room. */
export const full = (maxConnections: number): HttpAnswer.HttpAnswer =>
  HttpAnswer.make(503, `All ${maxConnections} connections are in use; try again later`)

/** The answer to a request that Node did not take for an upgrade, should it ever look like one to us. */
export const NO_UPGRADE = HttpAnswer.make(400, "Connection header did not include 'upgrade'")

/** The answer, or `undefined` for a request that may become a WebSocket. */
export const check = (
  request: IncomingMessage,
  { allowedOrigins, checkHost }: UpgradeRules
): HttpAnswer.HttpAnswer | undefined => {
  const { headers, httpVersion, method, url } = request
  // a browser sends it with every WebSocket, a Codex client never
  if (headers.origin !== undefined && allowedOrigins?.has(headers.origin) === false) {
    return HttpAnswer.make(403)
  }
  if (!VERSIONS.has(httpVersion)) return HttpAnswer.make(400)
  if (PROBES.has(RequestTarget.parse(url!).path)) {
    return method === "GET" || method === "HEAD"
      ? HttpAnswer.make(200)
      : HttpAnswer.make(405, "", { allow: "GET,HEAD" })
  }
  return formProblem(request) ?? checkHost?.(request)
}

const bad = (body: string) => HttpAnswer.make(400, body)

const formProblem = ({
  headers,
  httpVersion,
  method
}: IncomingMessage): HttpAnswer.HttpAnswer | undefined => {
  if (method !== "GET") return HttpAnswer.make(405, "Request method must be `GET`")
  if (!names(headers.connection, "upgrade")) return NO_UPGRADE
  if (!names(headers.upgrade, "websocket")) return bad("`Upgrade` header did not include 'websocket'")
  if (headers["sec-websocket-version"] !== "13") {
    return bad("`Sec-WebSocket-Version` header did not include '13'")
  }
  if (headers["sec-websocket-key"] === undefined) return bad("`Sec-WebSocket-Key` header missing")
  if (httpVersion === "1.0") {
    return HttpAnswer.make(426, "WebSocket request couldn't be upgraded since no upgrade state was present")
  }
  return undefined
}
