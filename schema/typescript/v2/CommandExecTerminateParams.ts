// GENERATED from the schemas of the server. Changes made here are lost.

/** Kills the command and its process group with SIGKILL. The command's own answer follows. */
export type CommandExecTerminateParams = {
  /** Names a running command of this connection. */
  processId: string
}
