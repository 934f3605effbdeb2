// GENERATED from the schemas of the server. Changes made here are lost.

export type SandboxWorkspaceWrite = {
  writable_roots: Array<string>
  network_access: boolean
  exclude_tmpdir_env_var: boolean
  exclude_slash_tmp: boolean
}
