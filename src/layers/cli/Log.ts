/** The log of the program: lines on stderr, for stdout belongs to the protocol. */
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import type { LogLevel } from "effect/LogLevel"
import * as References from "effect/References"
import type { LogArguments } from "./LogArguments.ts"

/** Bytes that may wait for who reads stderr; lines beyond are dropped, so that nobody can fill our memory. */
const MAX_UNREAD_BYTES = 1024 * 1024

const LEVELS: Readonly<Record<LogArguments["level"], LogLevel>> = {
  debug: "Debug",
  info: "Info",
  warn: "Warn",
  error: "Error",
  off: "None"
}

const write = (line: string) => {
  if (process.stderr.writableLength < MAX_UNREAD_BYTES) process.stderr.write(`${line}\n`)
}

/** Logs as long as the process lives; a reader of stderr that hangs up ends nothing. */
export const layer = ({ format, level }: LogArguments): Layer.Layer<never> => {
  process.stderr.on("error", () => {})
  const formatted = format === "json" ? Logger.formatJson : Logger.formatLogFmt
  return Layer.merge(
    Logger.layer([Logger.map(formatted, write)]),
    Layer.succeed(References.MinimumLogLevel, LEVELS[level])
  )
}
