// GENERATED from the schemas of the server. Changes made here are lost.

export type SandboxMode = "read-only" | "workspace-write" | "danger-full-access"
