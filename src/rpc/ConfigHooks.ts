/** The hooks that an organisation requires: what runs at which moment of a session. */
import * as Schema from "effect/Schema"
import { JsonValue, UInt, defaulted, nullable } from "./Primitives.ts"

/** Seconds, an unsigned 64-bit integer that has `bigint` in the TypeScript of the original. */
const Seconds = UInt.annotate({ format: "uint64", typescript: "bigint" })

const timeoutSec = nullable(Seconds).annotateKey({ description: "Seconds after which it is stopped." })
const statusMessage = nullable(Schema.String).annotateKey({ description: "Shown while it runs." })

export const ConfiguredHookHandler = Schema.Union([
  Schema.Struct({
    type: Schema.Literal("command"),
    command: Schema.String,
    commandWindows: nullable(Schema.String).annotateKey({ description: "The command on Windows." }),
    timeoutSec,
    async: Schema.Boolean.annotateKey({ description: "Nobody waits for its end." }),
    statusMessage,
    additionalContextLimit: nullable(UInt).annotateKey({
      description:
        "About how many tokens of `additionalContext` are kept in the context, 2500 for null; more goes to a file. 0 keeps all."
    })
  }).annotate({ description: "Runs a command." }),
  Schema.Struct({
    type: Schema.Literal("mcp_tool"),
    server: Schema.String,
    tool: Schema.String,
    input: Schema.Record(Schema.String, JsonValue),
    timeoutSec,
    statusMessage
  }).annotate({ description: "Calls a tool of an MCP server." }),
  Schema.Struct({ type: Schema.Literal("prompt") }),
  Schema.Struct({ type: Schema.Literal("agent") })
]).annotate({ identifier: "ConfiguredHookHandler" })

export const ConfiguredHookMatcherGroup = Schema.Struct({
  matcher: nullable(Schema.String).annotateKey({
    description: "What the hooks are for; null is everything."
  }),
  hooks: Schema.Array(ConfiguredHookHandler)
}).annotate({ identifier: "ConfiguredHookMatcherGroup" })

const hooks = Schema.Array(ConfiguredHookMatcherGroup)
/** Moments that earlier servers do not know. */
const laterHooks = defaulted(hooks, [])

export const ManagedHooksRequirements = Schema.Struct({
  PreModelRequest: laterHooks,
  PostModelRequest: laterHooks,
  managedDir: nullable(Schema.String).annotateKey({ description: "The directory of the programs." }),
  windowsManagedDir: nullable(Schema.String).annotateKey({ description: "That directory on Windows." }),
  PreToolUse: hooks,
  PermissionRequest: hooks,
  PostToolUse: hooks,
  PreCompact: hooks,
  PostCompact: hooks,
  SessionStart: hooks,
  SessionEnd: laterHooks,
  UserPromptSubmit: hooks,
  SubagentStart: hooks,
  SubagentStop: hooks,
  Stop: hooks,
  Interrupt: laterHooks
}).annotate({ identifier: "ManagedHooksRequirements" })
