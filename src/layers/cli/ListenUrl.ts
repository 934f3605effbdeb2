/** The value of `--listen`. */
import * as net from "node:net"
import type { ListenAddress } from "../ListenAddress.ts"

/** What `--listen` means when no value follows. */
export const DEFAULT_LISTEN_URL = "ws://127.0.0.1:4500"

export type ListenUrl =
  | ({ readonly _tag: "WebSocket" } & ListenAddress)
  /** Without a path, the default one below CODEX_HOME. */
  | { readonly _tag: "Unix"; readonly path: string | undefined }
  | { readonly _tag: "Stdio" }
  | { readonly _tag: "Off" }
  | { readonly _tag: "Invalid"; readonly problem: string }

const WEB_SOCKET = /^ws:\/\/(?:\[(?<v6>[^\]%]*(?:%\d+)?)\]|(?<v4>[^:/]*)):(?<port>\d+)$/

export const parse = (url: string): ListenUrl => {
  if (url === "off") return { _tag: "Off" }
  if (url === "stdio://") return { _tag: "Stdio" }
  if (url.startsWith("unix://")) return { _tag: "Unix", path: url.slice("unix://".length) || undefined }
  if (!url.startsWith("ws://")) {
    return {
      _tag: "Invalid",
      problem: `unsupported --listen URL \`${url}\`; expected \`stdio://\`, \`unix://\`, \`unix://PATH\`, \`ws://IP:PORT\`, or \`off\``
    }
  }
  const { port, v4, v6 } = WEB_SOCKET.exec(url)?.groups ?? {}
  const host = v6 ?? v4
  const valid = v6 === undefined ? net.isIPv4(host ?? "") : net.isIPv6(v6)
  return valid && Number(port) <= 65_535
    ? { _tag: "WebSocket", host: host!, port: Number(port) }
    : { _tag: "Invalid", problem: `invalid websocket --listen URL \`${url}\`; expected \`ws://IP:PORT\`` }
}
