/**
 * The port to the configuration: `config/read` reads it anew each time, commands use it as it was when the server
 * started, and clients may change the user's file.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ConfigReadParams, ConfigReadResponse, ConfigWarningNotification } from "../rpc/Config.ts"
import type { SandboxMode } from "../rpc/ConfigValues.ts"
import type { ConfigEdit, ConfigWriteResponse } from "../rpc/ConfigWrite.ts"
import { readAnswer } from "./ConfigAnswer.ts"
import type { ConfigError } from "./ConfigError.ts"
import { ConfigLayerReadonly, type ConfigWriteError } from "./ConfigWriteError.ts"
import { defaultPolicy, type ShellEnvironmentPolicy } from "./ShellEnvironment.ts"

/** What `[sandbox_workspace_write]` adds to the mode `workspace-write`. */
export interface SandboxWorkspaceWriteSettings {
  /** Absolute. */
  readonly writableRoots: ReadonlyArray<string>
  readonly networkAccess: boolean
  readonly excludeTmpdirEnvVar: boolean
  readonly excludeSlashTmp: boolean
}

/** Without `[sandbox_workspace_write]`. */
export const defaultSandboxWorkspaceWrite: SandboxWorkspaceWriteSettings = {
  writableRoots: [],
  networkAccess: false,
  excludeTmpdirEnvVar: false,
  excludeSlashTmp: false
}

/** What a running server goes by; a later change of a file does not reach it. */
export interface StartupConfig {
  /** How far commands are confined where the request does not say. */
  readonly sandboxMode: typeof SandboxMode.Type
  readonly sandboxWorkspaceWrite: SandboxWorkspaceWriteSettings
  readonly shellEnvironmentPolicy: ShellEnvironmentPolicy
  /** What each client is told after `initialize`. */
  readonly warnings: ReadonlyArray<ConfigWarningNotification>
}

/** Changes of the user's file. */
export interface ConfigWrite {
  /** Each sees the ones before it; all of them are made, or none. */
  readonly edits: ReadonlyArray<ConfigEdit>
  /** The user's file where it is not given; no other may be written. */
  readonly filePath?: string | null | undefined
  /** What the file's version must be, where it is given. */
  readonly expectedVersion?: string | null | undefined
}

export class ConfigStore extends Context.Service<
  ConfigStore,
  {
    /** Reads the files anew and answers with what they say now. */
    readonly read: (params: ConfigReadParams) => Effect.Effect<ConfigReadResponse, ConfigError>
    /** Changes the user's file, if the result is a configuration; one write after the other. */
    readonly write: (write: ConfigWrite) => Effect.Effect<ConfigWriteResponse, ConfigWriteError | ConfigError>
    readonly startup: StartupConfig
  }
>()("effect-app-server/ConfigStore") {
  /** A server without any configuration, except for what is given. */
  static readonly layerTest = (scripted: Partial<ConfigStore["Service"]> = {}): Layer.Layer<ConfigStore> =>
    Layer.succeed(ConfigStore, {
      read: (params) => readAnswer([], params),
      write: () => Effect.fail(new ConfigLayerReadonly()),
      startup: {
        sandboxMode: "read-only",
        sandboxWorkspaceWrite: defaultSandboxWorkspaceWrite,
        shellEnvironmentPolicy: defaultPolicy,
        warnings: []
      },
      ...scripted
    })
}
