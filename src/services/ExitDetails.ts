/** What connections with the extension are told of an end, besides what everybody is told. */
import * as Ref from "effect/Ref"
import { EXEC_EXTENSION } from "../rpc/ExitDetails.ts"
import type { CommandExit } from "./CommandExec.ts"
import type { Connection } from "./Connection.ts"

export const isAsked = (connection: Connection["Service"]): boolean => {
  const handshake = Ref.getUnsafe(connection.handshake)
  return handshake._tag === "Initialized" && handshake.extensions.has(EXEC_EXTENSION)
}

export const of = (exit: CommandExit) => ({
  signal: exit.signal ?? null,
  timedOut: exit.timedOut,
  stdoutTruncatedBytes: exit.truncatedBytes.stdout,
  stderrTruncatedBytes: exit.truncatedBytes.stderr,
  durationMs: exit.durationMs,
  ...(exit.killedProcesses !== undefined && { killedProcesses: exit.killedProcesses })
})
