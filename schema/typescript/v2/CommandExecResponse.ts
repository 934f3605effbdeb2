// GENERATED from the schemas of the server. Changes made here are lost.

/** How a command ended. */
export type CommandExecResponse = {
  /** 0 to 255. Death by signal n is 128 + n on pipes and 1 on a terminal; a timeout is 124 on either. */
  exitCode: number
  /** What the command wrote, up to the cap; empty when streamed. */
  stdout: string
  /** What the command wrote, up to the cap; empty when streamed. */
  stderr: string
}
