/** The whole contract: every method in one group, and every notification by name. */
import * as Schema from "effect/Schema"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import { CommandExecOutputDeltaNotification, CommandExecRpcs } from "./CommandExec.ts"
import { ConfigRpcs, ConfigWarningNotification } from "./Config.ts"
import { ConfigRequirementsRpcs } from "./ConfigRequirements.ts"
import { ConfigWriteRpcs } from "./ConfigWrite.ts"
import { FileSystemRpcs, FsChangedNotification } from "./FileSystem.ts"
import { HandshakeRpcs } from "./Handshake.ts"
import { MockRpcs } from "./MockExperimental.ts"
import {
  ProcessExitedExtendedNotification,
  ProcessExitedNotification,
  ProcessOutputDeltaNotification,
  ProcessRpcs
} from "./Process.ts"

/** Everything that needs a connection which has shaken hands. */
export class ConnectedRpcs extends ConfigRpcs.merge(
  ConfigWriteRpcs,
  ConfigRequirementsRpcs,
  CommandExecRpcs,
  FileSystemRpcs,
  MockRpcs,
  ProcessRpcs
) {}

/** Every method. */
export class AppServerRpcs extends HandshakeRpcs.merge(ConnectedRpcs) {}
export type AppServerRpc = RpcGroup.Rpcs<typeof AppServerRpcs>

/** What the server sends on its own; each also carries `emittedAtMs`. */
export const ServerNotifications = {
  "command/exec/outputDelta": CommandExecOutputDeltaNotification,
  configWarning: ConfigWarningNotification,
  "fs/changed": FsChangedNotification,
  "process/outputDelta": ProcessOutputDeltaNotification,
  "process/exited": Schema.Union([ProcessExitedExtendedNotification, ProcessExitedNotification])
} as const
export type ServerNotifications = typeof ServerNotifications

/** What a client sends on its own, none of it with params. */
export const ClientNotifications = ["initialized"] as const
export type ClientNotificationMethod = (typeof ClientNotifications)[number]
