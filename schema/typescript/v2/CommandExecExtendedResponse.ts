// GENERATED from the schemas of the server. Changes made here are lost.

/** How a command ended, in full: for connections with the extension `effect-app-server/exec`. */
export type CommandExecExtendedResponse = {
  /** 0 to 255. Death by signal n is 128 + n on pipes and 1 on a terminal; a timeout is 124 on either. */
  exitCode: number
  /** What the command wrote, up to the cap; empty when streamed. */
  stdout: string
  /** What the command wrote, up to the cap; empty when streamed. */
  stderr: string
  /** Name of the signal that killed it, such as `SIGKILL`; null if none did. */
  signal: string | null
  /** It was killed because its time was over. */
  timedOut: boolean
  /** Bytes thrown away behind a full cap. */
  stdoutTruncatedBytes: number
  /** Bytes thrown away behind a full cap. */
  stderrTruncatedBytes: number
  /** From start to end in milliseconds, drain included. */
  durationMs: number
  /** After a timeout, `command/exec/terminate` or `process/kill`: how many processes it consisted of. All are gone. */
  killedProcesses?: number
  /** Other processes held the output open for longer than 2 s after the exit; what they wrote later is missing. */
  drainTimedOut: boolean
}
