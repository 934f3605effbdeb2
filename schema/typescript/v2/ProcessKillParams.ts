// GENERATED from the schemas of the server. Changes made here are lost.

/** Kills the process and all that descends from it with SIGKILL. `process/exited` follows. */
export type ProcessKillParams = {
  /** The client's name for the process, unique among the running ones of its connection; not empty. */
  processHandle: string
}
