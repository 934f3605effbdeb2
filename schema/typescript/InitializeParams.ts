// GENERATED from the schemas of the server. Changes made here are lost.
import type { ClientInfo } from "./ClientInfo"
import type { InitializeCapabilities } from "./InitializeCapabilities"

export type InitializeParams = {
  clientInfo: ClientInfo
  capabilities: InitializeCapabilities | null
}
