/** `exec`: a command on a server with our standard streams, or our terminal, and its exit code. */
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { SERVER_VERSION } from "../../../rpc/Version.ts"
import { AppServerClient } from "../../../services/AppServerClient.ts"
import type { RequestError } from "../../../services/ClientError.ts"
import type { ExecParams, RemoteProcess } from "../../../services/RemoteProcess.ts"
import * as SecretFile from "../../auth/SecretFile.ts"
import * as WebSocketClient from "../../WebSocketClient.ts"
import type { ExecArguments } from "../ExecArguments.ts"
import * as ExecEnd from "./ExecEnd.ts"
import * as LocalTerminal from "./LocalTerminal.ts"
import * as StandardStreams from "./StandardStreams.ts"

/** A server answers in milliseconds, through the slowest network in a second or two. */
const CONNECT_TIMEOUT = "10 seconds"

const NAME = "effect-app-server-exec"

const noAppServer = (problem: string) =>
  new ExecEnd.NoAppServer({ message: `what listens there is no app-server: ${problem}; check --url` })

const connect = (url: string, token: Redacted.Redacted | undefined) =>
  AppServerClient.make({ clientInfo: { name: NAME, version: SERVER_VERSION } }).pipe(
    Effect.provide(WebSocketClient.layer({ url, token })),
    Effect.catchTags({
      RequestError: ({ message }: RequestError) => Effect.fail(noAppServer(message)),
      ConnectionLost: ({ message }) => Effect.fail(noAppServer(message)),
      SchemaError: ({ message }) => Effect.fail(noAppServer(message))
    }),
    Effect.timeoutOrElse({
      duration: CONNECT_TIMEOUT,
      orElse: () => Effect.fail(noAppServer(`it said nothing for ${CONNECT_TIMEOUT}`))
    })
  )

const paramsOf = ({ command, cwd, env, timeoutMs, tty }: ExecArguments): ExecParams => {
  const common = {
    command,
    disableOutputCap: true,
    ...(cwd === undefined ? {} : { cwd }),
    ...(timeoutMs === undefined ? { disableTimeout: true } : { timeoutMs })
  }
  if (!tty) return { ...common, env, streamStdin: true }
  const size = LocalTerminal.size()
  const { TERM } = process.env
  return {
    ...common,
    env: TERM === undefined ? env : { TERM, ...env },
    tty,
    ...(size === undefined ? {} : { size })
  }
}

/** Its exit code, once all of its output is written. What fails in the meantime is the end, too. */
const attached = (remote: RemoteProcess, tty: boolean) => {
  const ended = Effect.andThen(StandardStreams.receiveOutput(remote), remote.exit)
  const resized = Stream.runForEach(LocalTerminal.sizes, (size) => Effect.ignore(remote.resize(size)))
  const helpers = tty ? [StandardStreams.sendStdin(remote), resized] : [StandardStreams.sendStdin(remote)]
  const helping = Effect.all(helpers, { concurrency: "unbounded", discard: true })
  return Effect.raceFirst(ended, Effect.andThen(helping, Effect.never))
}

const run = Effect.fnUntraced(function* (args: ExecArguments, token: Redacted.Redacted | undefined) {
  const client = yield* connect(args.url, token)
  const params = paramsOf(args)
  if (args.tty) yield* LocalTerminal.raw
  return yield* Effect.flatMap(client.exec(params), (remote) => attached(remote, args.tty)).pipe(
    Effect.map(({ exitCode }) => ExecEnd.ofCode(exitCode)),
    // of a command that never ran, so the screen is in order
    Effect.catchTag("RequestError", (error) => Effect.succeed(ExecEnd.ofError(error, args, secretOf(token))))
  )
}, Effect.scoped)

const secretOf = (token: Redacted.Redacted | undefined): string | undefined =>
  token === undefined ? undefined : Redacted.value(token)

/** Runs the command to its end; if it is interrupted before, the server ends the command. */
export const exec = (args: ExecArguments): Effect.Effect<ExecEnd.ExecEnd> => {
  let token: Redacted.Redacted | undefined
  return Effect.gen(function* () {
    if (args.tty) yield* LocalTerminal.check
    if (args.tokenFile !== undefined) {
      token = Redacted.make(yield* SecretFile.read(path.resolve(args.tokenFile)))
    }
    return yield* run(args, token)
  }).pipe(Effect.catch((error) => Effect.succeed(ExecEnd.ofError(error, args, secretOf(token)))))
}
