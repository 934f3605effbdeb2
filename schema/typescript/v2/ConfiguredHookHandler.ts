// GENERATED from the schemas of the server. Changes made here are lost.
import type { JsonValue } from "../serde_json/JsonValue"

export type ConfiguredHookHandler =
  /** Runs a command. */
  | {
      type: "command"
      command: string
      /** The command on Windows. */
      commandWindows: string | null
      /** Seconds after which it is stopped. */
      timeoutSec: bigint | null
      /** Nobody waits for its end. */
      async: boolean
      /** Shown while it runs. */
      statusMessage: string | null
      /** About how many tokens of `additionalContext` are kept in the context, 2500 for null; more goes to a file. 0 keeps all. */
      additionalContextLimit: number | null
    }
  /** Calls a tool of an MCP server. */
  | {
      type: "mcp_tool"
      server: string
      tool: string
      input: { [key in string]?: JsonValue }
      /** Seconds after which it is stopped. */
      timeoutSec: bigint | null
      /** Shown while it runs. */
      statusMessage: string | null
    }
  | {
      type: "prompt"
    }
  | {
      type: "agent"
    }
