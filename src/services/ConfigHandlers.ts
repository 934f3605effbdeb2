/** The configuration on the wire: `config/read`, `config/value/write`, `config/batchWrite`, `configRequirements/read`. */
import * as Effect from "effect/Effect"
import { ConfigRpcs } from "../rpc/Config.ts"
import { ConfigRequirementsRpcs } from "../rpc/ConfigRequirements.ts"
import { ConfigWriteRpcs } from "../rpc/ConfigWrite.ts"
import { internalError, invalidRequest, type WireError } from "../rpc/WireError.ts"
import type { ConfigError } from "./ConfigError.ts"
import { ConfigStore } from "./ConfigStore.ts"
import type { ConfigWriteError } from "./ConfigWriteError.ts"
import { ConnectionReady } from "./ServedRpcs.ts"

const refused = (code: string, message: string) => invalidRequest(message, { config_write_error_code: code })

/** What a refused write is answered with; the codes are those of Codex 0.169.0. */
const fromWriteError = (error: ConfigWriteError | ConfigError): WireError => {
  switch (error._tag) {
    case "ConfigLayerReadonly":
      return refused("configLayerReadonly", "Only writes to the user config are allowed")
    case "ConfigVersionConflict":
      return refused(
        "configVersionConflict",
        "Configuration was modified since last read. Fetch latest version and retry."
      )
    case "InvalidConfigEdit":
      return refused("configValidationError", error.problem)
    case "ConfigUnwritable":
      return internalError(`failed to write ${error.path}: ${error.problem}`)
    case "ConfigError":
      return internalError(error.message)
  }
}

export const layer = ConfigRpcs.merge(ConfigWriteRpcs, ConfigRequirementsRpcs)
  .middleware(ConnectionReady)
  .toLayer(
    Effect.map(Effect.service(ConfigStore), (config) => ({
      "config/read": (params) =>
        Effect.mapError(config.read(params), (error) => internalError(error.message)),
      "config/value/write": ({ expectedVersion, filePath, ...edit }) =>
        Effect.mapError(config.write({ edits: [edit], filePath, expectedVersion }), fromWriteError),
      "config/batchWrite": (params) => Effect.mapError(config.write(params), fromWriteError),
      "configRequirements/read": () =>
        Effect.succeed({ supportsIndependentSpeedModes: true, requirements: null })
    }))
  )
