/** `config/read`: the effective configuration, where each value comes from, and the layers it is made of. */
import * as Schema from "effect/Schema"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import { JsonValue, PathString, UInt, nullable, optional, optionalNullable } from "./Primitives.ts"
import { WireError } from "./WireError.ts"

export const ConfigReadParams = Schema.Struct({
  includeLayers: optional(Schema.Boolean).annotateKey({ description: "Also answer with `layers`." }),
  cwd: optionalNullable(Schema.String).annotateKey({
    description: "Directory whose project configuration counts, too."
  })
}).annotate({ identifier: "ConfigReadParams" })
export type ConfigReadParams = typeof ConfigReadParams.Type

export const ConfigReadResponse = Schema.Struct({
  config: JsonValue,
  origins: JsonValue,
  layers: nullable(Schema.Array(JsonValue))
}).annotate({ identifier: "ConfigReadResponse" })
export type ConfigReadResponse = typeof ConfigReadResponse.Type

export const TextPosition = Schema.Struct({
  line: UInt.annotateKey({ description: "From 1." }),
  column: UInt.annotateKey({ description: "From 1, in characters." })
}).annotate({ identifier: "TextPosition" })

export const TextRange = Schema.Struct({ start: TextPosition, end: TextPosition }).annotate({
  identifier: "TextRange"
})

export const ConfigWarningNotification = Schema.Struct({
  summary: Schema.String.annotateKey({ description: "One line for a person." }),
  details: nullable(Schema.String).annotateKey({ description: "More, where there is more to say." }),
  path: optionalNullable(PathString).annotateKey({ description: "The file that the warning is about." }),
  range: optionalNullable(TextRange).annotateKey({ description: "The place in that file." })
}).annotate({
  identifier: "ConfigWarningNotification",
  description: "A problem of the server's configuration, told to each client after `initialize`."
})
export type ConfigWarningNotification = typeof ConfigWarningNotification.Type

export class ConfigRpcs extends RpcGroup.make(
  Rpc.make("config/read", { payload: ConfigReadParams, success: ConfigReadResponse, error: WireError })
) {}
