/** `config/value/write` and `config/batchWrite`: changes to the user's configuration file. */
import * as Schema from "effect/Schema"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import { ConfigLayerMetadata } from "./Config.ts"
import { AbsolutePathBuf, JsonValue, nullable, optional, optionalNullable } from "./Primitives.ts"
import { WireError } from "./WireError.ts"

export const MergeStrategy = Schema.Literals(["replace", "upsert"]).annotate({
  identifier: "MergeStrategy",
  description: "Whether the value takes the place of what is there, or a table is merged into it deeply."
})
export type MergeStrategy = typeof MergeStrategy.Type

/** One change. A value of null removes the key. */
export const ConfigEdit = Schema.Struct({
  keyPath: Schema.String.annotateKey({ description: "Dotted key; its segments may be quoted." }),
  value: JsonValue.annotateKey({ description: "The new value; null removes the key." }),
  mergeStrategy: MergeStrategy
}).annotate({ identifier: "ConfigEdit" })
export type ConfigEdit = typeof ConfigEdit.Type

const filePath = optionalNullable(Schema.String).annotateKey({
  description: "The file to write, by default the user's `config.toml`, and no other may be written."
})
const expectedVersion = optionalNullable(Schema.String).annotateKey({
  description: "The version of the file that the change starts from; another one is a conflict."
})

export const ConfigValueWriteParams = Schema.Struct({
  ...ConfigEdit.fields,
  filePath,
  expectedVersion
}).annotate({ identifier: "ConfigValueWriteParams" })
export type ConfigValueWriteParams = typeof ConfigValueWriteParams.Type

export const ConfigBatchWriteParams = Schema.Struct({
  edits: Schema.Array(ConfigEdit).annotateKey({
    description: "Each sees the ones before it. All of them are written, or none."
  }),
  filePath,
  expectedVersion,
  reloadUserConfig: optional(Schema.Boolean).annotateKey({
    description: "Accepted for compatibility: this server has no threads that would take up new settings."
  })
}).annotate({ identifier: "ConfigBatchWriteParams" })
export type ConfigBatchWriteParams = typeof ConfigBatchWriteParams.Type

export const WriteStatus = Schema.Literals(["ok", "okOverridden"]).annotate({ identifier: "WriteStatus" })
export type WriteStatus = typeof WriteStatus.Type

export const OverriddenMetadata = Schema.Struct({
  message: Schema.String.annotateKey({ description: "One sentence for a person." }),
  overridingLayer: ConfigLayerMetadata.annotateKey({ description: "The stronger layer." }),
  effectiveValue: JsonValue.annotateKey({ description: "The value that counts." })
}).annotate({
  identifier: "OverriddenMetadata",
  description: "Why what was written has no effect: a stronger layer says something else."
})
export type OverriddenMetadata = typeof OverriddenMetadata.Type

export const ConfigWriteResponse = Schema.Struct({
  status: WriteStatus,
  version: Schema.String.annotateKey({ description: "The version of the file as it is now." }),
  filePath: AbsolutePathBuf.annotateKey({ description: "The file that was written." }),
  overriddenMetadata: nullable(OverriddenMetadata).annotateKey({
    description: "Not null where the status is `okOverridden`."
  })
}).annotate({ identifier: "ConfigWriteResponse" })
export type ConfigWriteResponse = typeof ConfigWriteResponse.Type

export class ConfigWriteRpcs extends RpcGroup.make(
  Rpc.make("config/value/write", {
    payload: ConfigValueWriteParams,
    success: ConfigWriteResponse,
    error: WireError
  }),
  Rpc.make("config/batchWrite", {
    payload: ConfigBatchWriteParams,
    success: ConfigWriteResponse,
    error: WireError
  })
) {}
