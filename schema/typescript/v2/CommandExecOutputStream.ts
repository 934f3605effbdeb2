// GENERATED from the schemas of the server. Changes made here are lost.

/** Which stream output came from; on a terminal always `stdout`. */
export type CommandExecOutputStream = "stdout" | "stderr"
