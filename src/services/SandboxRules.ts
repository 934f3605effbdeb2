/** From what a request and the configuration say of the sandbox to the rules for one command. */
import * as Result from "effect/Result"
import type { SandboxPolicy } from "../rpc/SandboxPolicy.ts"
import { InvalidPermissionProfile } from "./CommandExecError.ts"
import type { StartupConfig } from "./ConfigStore.ts"

/** How far a command is confined. Everything can be read; what can be written is said here. */
export type SandboxRules =
  | { readonly _tag: "Unconfined"; readonly network: boolean }
  | {
      readonly _tag: "Confined"
      /** What was asked for, such as `readOnly`, for messages. */
      readonly policy: string
      /** Absolute directories; one that does not exist is left out. */
      readonly writableRoots: ReadonlyArray<string>
      readonly network: boolean
    }

export interface SandboxRequest {
  readonly policy: SandboxPolicy | null | undefined
  readonly profile: string | null | undefined
  /** What counts where the request says nothing. */
  readonly configured: Pick<StartupConfig, "sandboxMode" | "sandboxWorkspaceWrite">
  /** The server's working directory: the workspace, except for profiles. */
  readonly serverCwd: string
  /** The command's working directory: the workspace of `:workspace`. */
  readonly cwd: string
  /** The command's environment, whose TMPDIR can be written in a workspace. */
  readonly env: Readonly<Record<string, string>>
}

/** No sandbox, and the network as it is. */
export const unconfined: SandboxRules = { _tag: "Unconfined", network: true }

const readOnly = (policy: string, network: boolean): SandboxRules => ({
  _tag: "Confined",
  policy,
  writableRoots: [],
  network
})

interface Workspace {
  readonly writableRoots: ReadonlyArray<string>
  readonly networkAccess: boolean
  readonly excludeTmpdirEnvVar: boolean
  readonly excludeSlashTmp: boolean
}

const PLAIN_WORKSPACE: Workspace = {
  writableRoots: [],
  networkAccess: false,
  excludeTmpdirEnvVar: false,
  excludeSlashTmp: false
}

const workspaceWrite = (
  policy: string,
  workspace: string,
  { excludeSlashTmp, excludeTmpdirEnvVar, networkAccess, writableRoots }: Workspace,
  env: SandboxRequest["env"]
): SandboxRules => {
  const temporary = env["TMPDIR"] ?? ""
  return {
    _tag: "Confined",
    policy,
    writableRoots: [
      workspace,
      ...writableRoots,
      ...(excludeSlashTmp ? [] : ["/tmp"]),
      // a relative one has no meaning that everybody shares
      ...(excludeTmpdirEnvVar || !temporary.startsWith("/") ? [] : [temporary])
    ],
    network: networkAccess
  }
}

const ofPolicy = (policy: SandboxPolicy, { env, serverCwd }: SandboxRequest): SandboxRules => {
  switch (policy.type) {
    case "dangerFullAccess":
      return unconfined
    case "externalSandbox":
      return { _tag: "Unconfined", network: policy.networkAccess === "enabled" }
    case "readOnly":
      return readOnly(policy.type, policy.networkAccess === true)
    case "workspaceWrite":
      return workspaceWrite(policy.type, serverCwd, { ...PLAIN_WORKSPACE, ...policy }, env)
  }
}

const ofProfile = (
  profile: string,
  { cwd, env }: SandboxRequest
): Result.Result<SandboxRules, InvalidPermissionProfile> => {
  switch (profile) {
    case ":danger-full-access":
      return Result.succeed(unconfined)
    case ":read-only":
      return Result.succeed(readOnly(profile, false))
    case ":workspace":
      return Result.succeed(workspaceWrite(profile, cwd, PLAIN_WORKSPACE, env))
    default:
      return Result.fail(new InvalidPermissionProfile({ profile }))
  }
}

const ofConfiguration = ({ configured, env, serverCwd }: SandboxRequest): SandboxRules => {
  switch (configured.sandboxMode) {
    case "danger-full-access":
      return unconfined
    case "read-only":
      return readOnly(configured.sandboxMode, false)
    case "workspace-write":
      return workspaceWrite(configured.sandboxMode, serverCwd, configured.sandboxWorkspaceWrite, env)
  }
}

/** The rules that a request comes to; its own policy or profile replaces what is configured, in both directions. */
export const resolve = (request: SandboxRequest): Result.Result<SandboxRules, InvalidPermissionProfile> => {
  if (request.policy != null) return Result.succeed(ofPolicy(request.policy, request))
  if (request.profile != null) return ofProfile(request.profile, request)
  return Result.succeed(ofConfiguration(request))
}
