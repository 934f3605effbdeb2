/** What a request asks of the standard streams of its command; the same in both families of methods. */
import type { CommandExecTerminalSize } from "../rpc/CommandExec.ts"
import type { Command } from "./CommandExec.ts"
import * as TerminalSize from "./TerminalSize.ts"

export interface StreamParams {
  readonly tty?: boolean
  /** Only with `tty`. */
  readonly size?: CommandExecTerminalSize | null
  readonly streamStdin?: boolean
  readonly streamStdoutStderr?: boolean
}

/** Whether the client gets the output as it comes. */
export const isStreamed = ({ streamStdoutStderr, tty }: StreamParams): boolean =>
  tty === true || streamStdoutStderr === true

/** The same in terms of the service. */
export const of = (params: StreamParams): Pick<Command, "collected" | "io"> => ({
  io: params.tty === true ? (params.size ?? TerminalSize.DEFAULT) : { stdin: params.streamStdin === true },
  collected: !isStreamed(params)
})
