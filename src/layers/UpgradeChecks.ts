/**
 * What an HTTP request to a WebSocket listener is answered: a probe, a refusal, or the upgrade. There is no 404:
 * every path that is no probe is the WebSocket route. Order of the checks: Origin, route, method, upgrade form.
 */
import type { IncomingMessage } from "node:http"

export interface Answer {
  readonly status: 200 | 400 | 403 | 405 | 503
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const answer = (status: Answer["status"], body = "", headers: Answer["headers"] = {}): Answer => ({
  status,
  headers: body === "" ? headers : { "content-type": "text/plain; charset=utf-8", ...headers },
  body
})

const PROBES: ReadonlySet<string> = new Set(["/readyz", "/healthz"])

const names = (header: string | undefined, token: string) =>
  header?.split(",").some((value) => value.trim().toLowerCase() === token) === true

/** The answer to an upgrade for which there is no room. */
export const full = (maxConnections: number): Answer =>
  answer(503, `All ${maxConnections} connections are in use; try again later`)

/** The answer, or `undefined` for a request that may become a WebSocket. */
export const check = ({ headers, method, url }: IncomingMessage): Answer | undefined => {
  // a browser sends it with every WebSocket, a Codex client never: no page may talk to this server
  if (headers.origin !== undefined) return answer(403)
  if (PROBES.has(url!.split("?", 1)[0]!)) {
    return method === "GET" || method === "HEAD" ? answer(200) : answer(405, "", { allow: "GET,HEAD" })
  }
  if (method !== "GET") return answer(405, "Request method must be `GET`")
  if (!names(headers.connection, "upgrade")) return answer(400, "Connection header did not include 'upgrade'")
  if (!names(headers.upgrade, "websocket")) return answer(400, "`Upgrade` header did not include 'websocket'")
  if (headers["sec-websocket-version"] !== "13") {
    return answer(400, "`Sec-WebSocket-Version` header did not include '13'")
  }
  if (headers["sec-websocket-key"] === undefined) return answer(400, "`Sec-WebSocket-Key` header missing")
  return undefined
}
