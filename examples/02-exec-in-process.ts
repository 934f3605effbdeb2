// Runs a command in this process: no socket, no protocol, and still nothing of it survives its Scope.
import { Console, Duration, Effect, Layer, Stream } from "effect"
import { CommandExec, NodeProcessSpawner, Sandbox, SandboxRules } from "effect-app-server"

const program = Effect.gen(function* () {
  const commands = yield* CommandExec
  const command = yield* commands.start({
    argv: ["sh", "-c", "for i in 1 2 3; do echo line $i; done; exit 3"],
    cwd: process.cwd(),
    env: { PATH: process.env["PATH"] ?? "/bin" },
    timeout: Duration.seconds(10),
    outputBytesCap: 1024 * 1024,
    io: { stdin: false },
    sandbox: SandboxRules.unconfined,
    owner: yield* commands.owner // when this Scope closes, all that its commands left behind ends
  })
  yield* command.output.pipe(
    Stream.map(({ bytes }) => bytes),
    Stream.decodeText(),
    Stream.splitLines,
    Stream.runForEach(Console.log)
  )
  const { exitCode } = yield* command.exit
  yield* Console.log(`exit code ${exitCode}`)
})

const layer = CommandExec.layer.pipe(Layer.provide([NodeProcessSpawner.layer, Sandbox.layerNone()]))

await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(layer)))
