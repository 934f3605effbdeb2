// GENERATED from the schemas of the server. Changes made here are lost.
import type { JsonValue } from "./serde_json/JsonValue"

/** What the client can do and wants; unknown members are ignored. */
export type InitializeCapabilities = {
  /** Accepted for compatibility: this server never asks for approvals. */
  requiredHumanApproval?: boolean
  /** Accepted for compatibility: this server never logs in anywhere. */
  explicitGatewayOauth?: boolean
  /** Lets this connection use experimental methods and fields. */
  experimentalApi: boolean
  /** Accepted for compatibility: this server never asks for attestations. */
  requestAttestation: boolean
  /** Accepted for compatibility: this server runs no MCP servers. */
  mcpServerOpenaiFormElicitation?: boolean
  /** Names of notifications that this connection does not want, such as `command/exec/outputDelta`. */
  optOutNotificationMethods?: Array<string> | null
  /** Settings of protocol extensions, by the name of the extension. */
  extensions?: { [key in string]?: JsonValue } | null
}
