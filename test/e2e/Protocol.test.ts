/**
 * The promise of the protocol, against the built server: whatever several clients send at once, each request is
 * answered exactly once on its own connection, every delta comes before its answer, and the deltas joined are the
 * command's bytes up to the cap. A script is random; what must come back is computed from it alone.
 */
import { assert, describe, layer } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { dial, startServer, type HarnessError, type Message, type TestPeer } from "../support/harness.ts"
import { RUNS } from "../support/runs.ts"
import { TRANSPORTS, encounter } from "../support/transports.ts"

const Size = Schema.Literals([0, 1, 7, 4096, 65_536, 200_001])

/** One thing that a client does. */
const Step = Schema.Union([
  Schema.Struct({
    type: Schema.Literal("command"),
    /** Where output goes: into the answer, or as deltas from pipes or a terminal. */
    output: Schema.Literals(["buffered", "streamed", "terminal"]),
    bytes: Size,
    stderr: Size,
    exit: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })),
    cap: Schema.NullOr(Schema.Literals([0, 1, 5000, 65_536, 200_000]))
  }),
  /** Fed through stdin and read back. */
  Schema.Struct({ type: Schema.Literal("cat"), lines: Schema.Array(Schema.Literals(["a", "bc", ""])) }),
  Schema.Struct({ type: Schema.Literal("terminated") }),
  Schema.Struct({ type: Schema.Literal("echo"), value: Schema.String }),
  Schema.Struct({
    type: Schema.Literal("refused"),
    how: Schema.Literals(["method", "params", "program", "process"])
  }),
  Schema.Struct({
    type: Schema.Literal("noise"),
    text: Schema.Literals(["", "{", "[]", '{"id":1.5,"method":"x"}'])
  })
])
type Step = typeof Step.Type
const Script = Schema.Array(Step).check(Schema.isMinLength(1), Schema.isMaxLength(6))

/** What must come back for one request. */
interface Expected {
  readonly answer: (message: Message) => void
  readonly deltas?: { readonly processId: string; readonly stdout: string; readonly stderr: string }
}

const exits =
  (exitCode: number, stdout = "", stderr = "") =>
  (message: Message) =>
    assert.deepStrictEqual(message.result, { exitCode, stdout, stderr })
const fails = (code: number) => (message: Message) => assert.strictEqual(message.error?.code, code)
const succeeds = (result: unknown) => (message: Message) => assert.deepStrictEqual(message.result, result)

/** Sends a step's messages and says what must come back, by request id. */
const play = (client: TestPeer, n: number, step: Step): ReadonlyMap<string, Expected> => {
  const expected = new Map<string, Expected>()
  const send = (suffix: string, method: string, params: unknown, expectation: Expected) => {
    expected.set(`${n}${suffix}`, expectation)
    client.write(JSON.stringify({ id: `${n}${suffix}`, method, params }))
  }
  const processId = `process ${n}`
  switch (step.type) {
    case "command": {
      const { bytes, cap, exit, output } = step
      const stderr = output === "terminal" ? 0 : step.stderr
      const write = (size: number, character: string) => `head -c ${size} /dev/zero | tr '\\0' ${character}`
      const script = `${write(bytes, "o")}; ${write(stderr, "e")} >&2; exit ${exit}`
      const limit = cap ?? Infinity
      const text = { stdout: "o".repeat(Math.min(bytes, limit)), stderr: "e".repeat(Math.min(stderr, limit)) }
      send(
        "",
        "command/exec",
        {
          command: ["sh", "-c", script],
          disableTimeout: true,
          ...(cap === null ? { disableOutputCap: true } : { outputBytesCap: cap }),
          ...(output !== "buffered" && {
            processId,
            [output === "terminal" ? "tty" : "streamStdoutStderr"]: true
          })
        },
        output === "buffered"
          ? { answer: exits(exit, text.stdout, text.stderr) }
          : { answer: exits(exit), deltas: { processId, ...text } }
      )
      break
    }
    case "cat": {
      const text = step.lines.join("\n")
      send(
        "",
        "command/exec",
        { command: ["cat"], processId, streamStdin: true, streamStdoutStderr: true, disableTimeout: true },
        { answer: exits(0), deltas: { processId, stdout: text, stderr: "" } }
      )
      const written = [...text].map((character) => Buffer.from(character).toString("base64"))
      for (const [i, deltaBase64] of written.entries()) {
        send(`w${i}`, "command/exec/write", { processId, deltaBase64 }, { answer: succeeds({}) })
      }
      send("c", "command/exec/write", { processId, closeStdin: true }, { answer: succeeds({}) })
      break
    }
    case "terminated":
      send(
        "",
        "command/exec",
        { command: ["sleep", "600"], processId, disableTimeout: true },
        { answer: exits(137) }
      )
      send("t", "command/exec/terminate", { processId }, { answer: succeeds({}) })
      break
    case "echo": {
      // without lone surrogates, which the wire does not have
      const value = Buffer.from(step.value).toString()
      send("", "mock/experimentalMethod", { value }, { answer: succeeds({ echoed: value }) })
      break
    }
    case "refused":
      if (step.how === "method") send("", "no/such/method", {}, { answer: fails(-32600) })
      if (step.how === "params") send("", "command/exec", { command: "x" }, { answer: fails(-32600) })
      if (step.how === "program")
        send("", "command/exec", { command: ["/nonexistent"] }, { answer: fails(-32603) })
      if (step.how === "process") send("", "command/exec/terminate", { processId }, { answer: fails(-32600) })
      break
    case "noise":
      client.write(step.text)
  }
  return expected
}

/** Plays a script on a connection of its own and looks at everything that comes back. */
const perform = Effect.fnUntraced(function* (client: TestPeer, script: ReadonlyArray<Step>) {
  yield* client.initialize()
  const expected = new Map(script.flatMap((step, n) => [...play(client, n, step)]))
  client.write(JSON.stringify({ id: "last", method: "mock/experimentalMethod", params: {} }))

  const running = new Map<string, { stdout: string; stderr: string; full: Set<string> }>()
  const owners = new Map<string, string>()
  for (const [id, { deltas }] of expected) {
    if (deltas === undefined) continue
    running.set(deltas.processId, { stdout: "", stderr: "", full: new Set() })
    owners.set(id, deltas.processId)
  }
  const look = (message: Message) => {
    if (message.method !== undefined) {
      assert.strictEqual(message.method, "command/exec/outputDelta")
      const { capReached, deltaBase64, processId, stream } = message.params
      const command = running.get(processId)
      assert.isDefined(command, `a delta of ${processId} after its answer, or of somebody else's`)
      assert.isFalse(command.full.has(stream), "a delta behind a full cap")
      command[stream as "stdout"] += Buffer.from(deltaBase64, "base64").toString()
      if (capReached) command.full.add(stream)
      return
    }
    const id = String(message.id)
    const expectation = expected.get(id)
    assert.isDefined(expectation, `an answer that nobody waits for: ${JSON.stringify(message)}`)
    expected.delete(id)
    expectation.answer(message)
    const processId = owners.get(id)
    if (processId === undefined) return
    const { stderr, stdout } = running.get(processId)!
    running.delete(processId)
    assert.deepStrictEqual({ processId, stdout, stderr }, expectation.deltas)
  }
  expected.set("last", { answer: succeeds({ echoed: null }) })
  while (expected.size > 0) look(yield* client.next)
  assert.deepStrictEqual(client.inbox, [])
})

class Clients extends Context.Service<
  Clients,
  { readonly connect: Effect.Effect<TestPeer, HarnessError, Scope.Scope> }
>()("test/Clients") {}

for (const transport of TRANSPORTS) {
  // on stdio each client has a server of its own, whose start takes longer than a script
  const [clients, runs] =
    transport.name === "stdio"
      ? [Effect.succeed(Effect.map(encounter(transport), ({ client }) => client)), Math.ceil(RUNS / 10)]
      : [Effect.map(startServer({ listen: transport.listen }), dial), RUNS]

  layer(
    Layer.effect(
      Clients,
      Effect.map(clients, (connect) => ({ connect }))
    ),
    {
      excludeTestServices: true,
      timeout: 30_000
    }
  )(`the protocol on ${transport.name}`, (it) => {
    describe("with several clients at once", () => {
      it.effect.prop(
        "answers each request once, deltas first, with the command's bytes",
        {
          scripts: Arbitrary.schema(Schema.Array(Script).check(Schema.isMinLength(2), Schema.isMaxLength(4)))
        },
        ({ scripts }) =>
          Effect.gen(function* () {
            const { connect } = yield* Clients
            const play = (script: ReadonlyArray<Step>) =>
              Effect.scoped(Effect.flatMap(connect, (client) => perform(client, script)))
            yield* Effect.forEach(scripts, play, { concurrency: "unbounded", discard: true })
          }),
        { timeout: 3_600_000, arbitrary: { runs } }
      )
    })
  })
}
