/** `config/read` on the wire. */
import * as Effect from "effect/Effect"
import { ConfigRpcs } from "../rpc/Config.ts"
import { internalError } from "../rpc/WireError.ts"
import { ConfigStore } from "./ConfigStore.ts"
import { ConnectionReady } from "./ServedRpcs.ts"

export const layer = ConfigRpcs.middleware(ConnectionReady).toLayer(
  Effect.map(Effect.service(ConfigStore), (config) => ({
    "config/read": (params) => Effect.mapError(config.read(params), (error) => internalError(error.message))
  }))
)
