/**
 * The servers that the clients are tried on: ours, and the real Codex where the environment variable `CODEX_BIN` has
 * the path of its program.
 */
import * as ChildProcess from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Target } from "../../src/layers/PromiseClient.ts"
import * as StdioClient from "../../src/layers/StdioClient.ts"
import * as WebSocketClient from "../../src/layers/WebSocketClient.ts"
import { HAS_NATIVE, MAIN, temporaryDirectory, until, type HarnessError } from "./harness.ts"

/** How long a server may take to listen: two processors may be busy with other tests. */
const START_MS = 10_000

type Program = readonly [program: string, ...Array<string>]

export interface RunningTarget {
  readonly target: Target
  /** Kills the server, if it is not a client's own. */
  readonly kill: () => void
}

export interface ClientTarget {
  readonly name: string
  readonly start: Effect.Effect<RunningTarget, HarnessError, Scope.Scope>
}

export const layerOf = (target: Target) =>
  typeof target === "string" ? WebSocketClient.layer({ url: target }) : StdioClient.layer(target)

/** Commands run without a sandbox. */
const environment = Effect.map(temporaryDirectory, (home) => {
  fs.writeFileSync(path.join(home, "config.toml"), 'sandbox_mode = "danger-full-access"\n')
  const native = HAS_NATIVE ? {} : { EFFECT_APP_SERVER_NATIVE: "off" }
  return { PATH: process.env["PATH"], HOME: home, CODEX_HOME: home, ...native }
})

const listen = Effect.fnUntraced(function* ([program, ...words]: Program, url: string) {
  const env = yield* environment
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => {
      // a group of its own, for the program may be a launcher
      const stdio = ["ignore", "ignore", "pipe"] as const
      return ChildProcess.spawn(program, [...words, "--listen", url], {
        env,
        detached: true,
        stdio: [...stdio]
      })
    }),
    (child) => Effect.sync(() => kill(child))
  )
  let stderr = ""
  child.stderr!.on("data", (bytes: Buffer) => (stderr += bytes.toString()))
  return { child, stderr: () => stderr }
})

const kill = ({ pid }: ChildProcess.ChildProcess) => {
  try {
    process.kill(-pid!, "SIGKILL")
  } catch {
    // it is over
  }
}

const webSocket = (program: Program) =>
  Effect.gen(function* () {
    const { child, stderr } = yield* listen(program, "ws://127.0.0.1:0")
    const target = yield* until("the banner", START_MS, () => /listening on: (\S+)/.exec(stderr())?.[1])
    return { target, kill: () => kill(child) }
  })

const unix = (program: Program) =>
  Effect.gen(function* () {
    const socket = path.join(yield* temporaryDirectory, "app server: 1.sock")
    const { child } = yield* listen(program, `unix://${socket}`)
    yield* until("the socket", START_MS, () => fs.existsSync(socket) || undefined)
    return { target: `ws+unix:${socket}`, kill: () => kill(child) }
  })

const stdio = (command: Program) =>
  Effect.map(environment, (env) => ({ target: { command, env }, kill: () => {} }))

const OURS: Program = [process.execPath, MAIN]
const CODEX: Program | undefined = process.env["CODEX_BIN"]
  ? [process.env["CODEX_BIN"], "app-server"]
  : undefined

export const clientTargets: ReadonlyArray<ClientTarget> = [
  { name: "our server over a WebSocket", start: webSocket(OURS) },
  { name: "our server over a unix socket", start: unix(OURS) },
  { name: "our server over stdio", start: stdio(OURS) },
  ...(CODEX === undefined
    ? []
    : [
        { name: "Codex over a WebSocket", start: webSocket(CODEX) },
        { name: "Codex over a unix socket", start: unix(CODEX) },
        { name: "Codex over stdio", start: stdio(CODEX) }
      ])
]
