/** A whole HTTP answer without an upgrade, to a request or on the bare socket of an upgrade that is not given. */
import * as http from "node:http"
import type { Duplex } from "node:stream"

export interface HttpAnswer {
  readonly status: 200 | 400 | 401 | 403 | 405 | 426 | 503
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** An answer whose body, if there is one, is plain text. */
export const make = (
  status: HttpAnswer["status"],
  body = "",
  headers: HttpAnswer["headers"] = {}
): HttpAnswer => ({
  status,
  headers: body === "" ? headers : { "content-type": "text/plain; charset=utf-8", ...headers },
  body
})

export const respond = (response: http.ServerResponse, { body, headers, status }: HttpAnswer): void => {
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) }).end(body)
}

/** Ends the connection, too, whether or not the client hangs up. */
export const writeTo = (socket: Duplex, { body, headers, status }: HttpAnswer): void => {
  const lines = Object.entries({
    ...headers,
    "content-length": String(Buffer.byteLength(body)),
    connection: "close"
  })
  socket.end(
    `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`,
    () => socket.destroy()
  )
}
