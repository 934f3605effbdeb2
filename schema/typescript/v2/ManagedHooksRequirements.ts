// GENERATED from the schemas of the server. Changes made here are lost.
import type { ConfiguredHookMatcherGroup } from "./ConfiguredHookMatcherGroup"

export type ManagedHooksRequirements = {
  PreModelRequest: Array<ConfiguredHookMatcherGroup>
  PostModelRequest: Array<ConfiguredHookMatcherGroup>
  /** The directory of the programs. */
  managedDir: string | null
  /** That directory on Windows. */
  windowsManagedDir: string | null
  PreToolUse: Array<ConfiguredHookMatcherGroup>
  PermissionRequest: Array<ConfiguredHookMatcherGroup>
  PostToolUse: Array<ConfiguredHookMatcherGroup>
  PreCompact: Array<ConfiguredHookMatcherGroup>
  PostCompact: Array<ConfiguredHookMatcherGroup>
  SessionStart: Array<ConfiguredHookMatcherGroup>
  SessionEnd: Array<ConfiguredHookMatcherGroup>
  UserPromptSubmit: Array<ConfiguredHookMatcherGroup>
  SubagentStart: Array<ConfiguredHookMatcherGroup>
  SubagentStop: Array<ConfiguredHookMatcherGroup>
  Stop: Array<ConfiguredHookMatcherGroup>
  Interrupt: Array<ConfiguredHookMatcherGroup>
}
