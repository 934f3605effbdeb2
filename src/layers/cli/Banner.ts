/** What a WebSocket server prints on stderr when it listens (after Codex 0.169.0). */
import { hostAndPort, isLoopback, type ListenAddress } from "../ListenAddress.ts"

const LOCAL = "binds localhost only (use SSH port-forwarding for remote access)"
const REMOTE = "websocket auth is required for non-localhost listeners"

export const banner = (address: ListenAddress): string => {
  const at = hostAndPort(address)
  return `effect-app-server (WebSockets)
  listening on: ws://${at}
  readyz: http://${at}/readyz
  healthz: http://${at}/healthz
  note: ${isLoopback(address.host) ? LOCAL : REMOTE}
`
}
