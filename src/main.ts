/** The program: words to a command, a command to an exit code. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Arguments from "./layers/cli/Arguments.ts"
import * as ExecArguments from "./layers/cli/ExecArguments.ts"
import * as Log from "./layers/cli/Log.ts"
import * as LogArguments from "./layers/cli/LogArguments.ts"
import { runMain, type Stop } from "./layers/cli/RunMain.ts"
import type { ServeArguments } from "./layers/cli/ServeArguments.ts"
import { serve } from "./layers/cli/Serve.ts"
import { SERVER_VERSION } from "./rpc/Version.ts"

const OK = 0
const FAILED = 1
const BAD_USAGE = 2

const NO_STOPS: ReadonlySet<Stop> = new Set()
/** Signals that are the normal end of a server; on stdio it is a filter, which ^C kills (measured on Codex 0.169.0). */
const stopsOf = ({ listen }: ServeArguments): ReadonlySet<Stop> =>
  new Set(listen._tag === "Stdio" ? ["SIGTERM"] : ["SIGTERM", "SIGINT", "SIGHUP"])

const print = (stream: NodeJS.WriteStream, text: string, code: number) =>
  Effect.sync(() => {
    stream.write(text)
    process.exitCode = code
  })

const perform = (command: Arguments.Arguments): Effect.Effect<void, unknown> => {
  switch (command._tag) {
    case "Help":
      return print(process.stdout, Arguments.HELP, OK)
    case "Version":
      return print(process.stdout, `effect-app-server ${SERVER_VERSION}\n`, OK)
    case "Generate": {
      const { experimental, out, what } = command
      return Effect.promise(() => import("./layers/cli/Generate.ts")).pipe(
        Effect.flatMap(({ generate }) => generate(what, out, { experimental }))
      )
    }
    case "SandboxCheck":
      return Effect.promise(() => import("./layers/cli/SandboxCheck.ts")).pipe(
        Effect.flatMap(({ sandboxCheck }) => sandboxCheck),
        Effect.flatMap(({ code, text }) => print(process.stdout, text, code))
      )
    case "ExecHelp":
      return print(process.stdout, ExecArguments.HELP, OK)
    case "Exec":
      return Effect.promise(() => import("./layers/cli/exec/Exec.ts")).pipe(
        Effect.flatMap(({ exec }) => exec(command)),
        Effect.flatMap(({ code, message }) => print(process.stderr, message, code))
      )
    case "Serve":
      return serve(command)
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const run = (command: Arguments.Arguments) => {
  const { log, stops } =
    command._tag === "Serve"
      ? { log: command.log, stops: stopsOf(command) }
      : { log: LogArguments.DEFAULT, stops: NO_STOPS }
  perform(command).pipe(
    Effect.catchCause((cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.failCause(cause)
        : print(process.stderr, `Error: ${messageOf(Cause.squash(cause))}\n`, FAILED)
    ),
    Effect.provide(Log.layer(log)),
    runMain(stops)({
      disableErrorReporting: true,
      teardown: (_exit, onExit) => onExit(Number(process.exitCode ?? OK))
    })
  )
}

let command: Arguments.Arguments | undefined
try {
  command = Arguments.parse(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exitCode = BAD_USAGE
}
if (command !== undefined) run(command)
