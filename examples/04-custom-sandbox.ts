// Replaces the sandbox: only programs of a list run, each with little processor time, and everything else is refused.
import * as os from "node:os"
import * as path from "node:path"
import { Console, Effect, Layer } from "effect"
import {
  AppServer,
  AppServerClient,
  InProcessTransport,
  Sandbox,
  SandboxUnavailable,
  type Launcher
} from "effect-app-server"

const ALLOWED = new Set(["echo", "date", "git"])

/** Starts the command from a shell that lowers its limits and then becomes it; on a terminal it has a session. */
const limited = (env: Launcher["env"]): Launcher => ({
  wrap: (argv, terminal) => {
    const words = terminal ? ["setsid", "--ctty", "--wait", ...argv] : argv
    return ["/bin/sh", "-c", 'ulimit -t 10 && exec "$@"', "sh", ...words]
  },
  env,
  descriptors: [],
  started: () => true
})

const allowList = Layer.succeed(Sandbox, {
  confine: (_rules, { argv, env }) =>
    ALLOWED.has(argv[0] ?? "")
      ? Effect.succeed({ env, launcher: limited(env) })
      : Effect.fail(
          new SandboxUnavailable({ policy: "allow-list", problem: `${argv[0]} is not on the list` })
        )
})

const program = Effect.gen(function* () {
  const client = yield* AppServerClient.make({ clientInfo: { name: "me", version: "1" } })
  for (const command of [
    ["echo", "allowed"],
    ["rm", "-rf", "build"]
  ]) {
    yield* client.request("command/exec", { command }).pipe(
      Effect.flatMap(({ stdout }) => Console.log(stdout.trim())),
      Effect.catchTag("RequestError", ({ message }) => Console.log(`refused: ${message}`))
    )
  }
})

const server = AppServer.layerMachine({ codexHome: path.join(os.homedir(), ".codex"), sandbox: allowList })
const layer = InProcessTransport.layer.pipe(Layer.provide(server))

await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(layer)))
