/** A client's way to a server that is a child process: a message is a line on its stdin and stdout. */
import * as ChildProcess from "node:child_process"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { ConnectError } from "../services/ClientError.ts"
import {
  ClientTransport,
  MAX_ANSWER_BYTES,
  type ClientInbox,
  type ClientLink
} from "../services/ClientTransport.ts"
import * as SystemError from "../services/SystemError.ts"
import { LineInbox } from "./LineInbox.ts"

/** How long the server may take to end after the end of its stdin; then it is killed. */
const CLOSE_TIMEOUT_MS = 2000
/** Of what the server says on stderr so much is kept, to be shown when it ends. */
const STDERR_CHARACTERS = 4096

export interface StdioClientOptions {
  /** Program and arguments, such as `["codex", "app-server"]`. */
  readonly command: readonly [program: string, ...Array<string>]
  /** By default ours. */
  readonly cwd?: string | undefined
  /** The whole environment; by default ours. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
}

/** Starts a server of its own for each connection. */
export const layer = (options: StdioClientOptions): Layer.Layer<ClientTransport> =>
  Layer.succeed(ClientTransport, { open: open(options) })

const open = (options: StdioClientOptions) =>
  Effect.fnUntraced(function* (inbox: ClientInbox): Effect.fn.Return<ClientLink, ConnectError, Scope.Scope> {
    const child = yield* Effect.acquireRelease(start(options), stop)
    const lines = new LineInbox(child.stdout, MAX_ANSWER_BYTES)
    hear(child, lines, inbox)
    return {
      send: (text) => void child.stdin.write(`${text}\n`),
      pause: () => lines.pause(),
      resume: () => lines.resume(),
      destroy: () => kill(child)
    }
  })

type Child = ChildProcess.ChildProcessWithoutNullStreams

const start = ({ command: [program, ...args], cwd, env }: StdioClientOptions) =>
  Effect.callback<Child, ConnectError>((resume) => {
    // a group of its own: ^C on our terminal is for us, and the whole of it can be killed
    const child = ChildProcess.spawn(program, args, { cwd, env, detached: true, stdio: "pipe" })
    child.stdin.on("error", () => {}) // "close" follows
    child.once("spawn", () => resume(Effect.succeed(child)))
    child.once("error", (error) => {
      const message = `cannot start ${program}: ${SystemError.text(error)}`
      resume(Effect.fail(new ConnectError({ message })))
    })
  })

const hear = (child: Child, lines: LineInbox, inbox: ClientInbox): void => {
  let said = ""
  child.stderr.setEncoding("utf8")
  child.stderr.on("data", (text: string) => {
    said = (said + text).slice(-STDERR_CHARACTERS)
  })
  let end: string | undefined
  let read = false
  const lost = () => {
    if (read && end !== undefined) inbox.lost(end)
  }
  lines.start({
    line: (text) => {
      if (text.trim() !== "") inbox.receive(text)
    },
    end: (problem) => {
      if (problem !== undefined) inbox.lost(`the server does not keep to the protocol: ${problem}`)
      child.stdin.end() // who cannot answer any more has nothing to do
      read = true
      lost()
    }
  })
  child.once("close", (code, signal) => {
    const how = signal === null ? `exited with code ${code}` : `was killed by ${signal}`
    end = `the server ${how}${said === "" ? "" : `: ${said.trimEnd()}`}`
    lost()
  })
}

const kill = (child: Child): void => {
  try {
    process.kill(-child.pid!, "SIGKILL")
  } catch {
    // it is over
  }
}

/** The end of its stdin is the end of a server; it has time to see to its commands. */
const stop = (child: Child): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    const timer = setTimeout(() => kill(child), CLOSE_TIMEOUT_MS)
    child.once("exit", () => {
      clearTimeout(timer)
      resume(Effect.void)
    })
    child.stdout.resume()
    child.stdin.end()
  }).pipe(
    Effect.andThen(
      // others may hold them
      Effect.sync(() => {
        for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy()
      })
    )
  )
