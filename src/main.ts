#!/usr/bin/env node
/** The program: words to a command, a command to an exit code. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Arguments from "./layers/cli/Arguments.ts"
import { serve } from "./layers/cli/Serve.ts"
import { SERVER_VERSION } from "./rpc/Version.ts"

const OK = 0
const FAILED = 1
const BAD_USAGE = 2

const print = (stream: NodeJS.WriteStream, text: string, code: number) =>
  Effect.sync(() => {
    stream.write(text)
    process.exitCode = code
  })

const program = Effect.suspend((): Effect.Effect<void, unknown> => {
  const words = process.argv.slice(2)
  let parsed: Arguments.Arguments
  try {
    parsed = Arguments.parse(words)
  } catch (error) {
    return print(process.stderr, `${(error as Error).message}\n`, BAD_USAGE)
  }
  switch (parsed._tag) {
    case "Help":
      return print(process.stdout, Arguments.HELP, OK)
    case "Version":
      return print(process.stdout, `effect-app-server ${SERVER_VERSION}\n`, OK)
    case "Generate": {
      const { experimental, out, what } = parsed
      return Effect.promise(() => import("./layers/cli/Generate.ts")).pipe(
        Effect.flatMap(({ generate }) => generate(what, out, { experimental }))
      )
    }
    case "SandboxCheck":
      return Effect.promise(() => import("./layers/cli/SandboxCheck.ts")).pipe(
        Effect.flatMap(({ sandboxCheck }) => sandboxCheck),
        Effect.flatMap(({ code, text }) => print(process.stdout, text, code))
      )
    case "Serve":
      return serve(parsed)
  }
})

program.pipe(
  Effect.catchCause((cause) =>
    Cause.hasInterruptsOnly(cause)
      ? Effect.failCause(cause)
      : print(process.stderr, `Error: ${messageOf(Cause.squash(cause))}\n`, FAILED)
  ),
  Effect.provide(Logger.layer([Logger.withConsoleError(Logger.formatLogFmt)])),
  NodeRuntime.runMain({
    disableErrorReporting: true,
    // a signal is the normal end of a server
    teardown: (_exit, onExit) => onExit(Number(process.exitCode ?? OK))
  })
)

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
