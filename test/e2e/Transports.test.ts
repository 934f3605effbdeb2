/** Handshake, errors and ends: one suite over every way into the server. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { TestPeer } from "../support/harness.ts"
import { marker, none, some } from "../support/marked.ts"
import { TRANSPORTS, encounter, talk } from "../support/transports.ts"

const CLIENT = { name: "t", title: null, version: "1" }
const initialize = (id: unknown, params: object = {}) => ({
  id,
  method: "initialize",
  params: { clientInfo: CLIENT, capabilities: { experimentalApi: true }, ...params }
})
const echo = (id: unknown, value: string | null = "x") => ({
  id,
  method: "mock/experimentalMethod",
  params: { value }
})
const NOT_INITIALIZED = { code: -32600, message: "Not initialized" }

/** What is not answered must not be silence by chance: whatever came before this answer came at all. */
const fence = Effect.fnUntraced(function* (client: TestPeer) {
  const { result } = yield* client.request("mock/experimentalMethod", { value: "fence" })
  assert.deepStrictEqual(result, { echoed: "fence" })
  assert.deepStrictEqual(client.inbox, [])
})

/** Commands that end only if somebody ends them: buffered, streamed, and on a terminal. */
const startStubborn = Effect.fnUntraced(function* (client: TestPeer) {
  const mine = marker()
  const script = `trap '' TERM HUP INT; env -i $(command -v sleep) ${mine} & sleep ${mine}`
  const command = ["sh", "-c", script]
  for (const [id, params] of Object.entries({
    buffered: {},
    streamed: { processId: "s", streamStdin: true, streamStdoutStderr: true },
    terminal: { processId: "t", tty: true }
  })) {
    yield* client.send({ id, method: "command/exec", params: { command, disableTimeout: true, ...params } })
  }
  yield* some(mine, 6)
  return mine
})

for (const transport of TRANSPORTS) {
  describe(`a server on ${transport.name}`, () => {
    it.live("answers with long output in one message, as text", () =>
      Effect.gen(function* () {
        const { client } = yield* talk(transport)
        const script = "seq 200000; printf '\\351\\200' >&2; head -c 100000 /dev/zero | tr '\\0' '\\007' >&2"
        const { result } = yield* client.request("command/exec", {
          command: ["sh", "-c", script],
          disableOutputCap: true
        })
        const numbers = Array.from({ length: 200_000 }, (_, i) => `${i + 1}\n`).join("")
        assert.isTrue(result.stdout === numbers) // no difference of a megabyte
        assert.isTrue(result.stderr === `\ufffd${"\x07".repeat(100_000)}`)
        assert.strictEqual(result.exitCode, 0)
      })
    )

    describe("shakes hands", () => {
      it.live("and says who it is; the client need not confirm", () =>
        Effect.gen(function* () {
          const { client, server } = yield* encounter(transport)
          yield* client.send(initialize("first", { capabilities: null }))
          const { result } = yield* client.response("first")
          assert.match(result.userAgent, /^t\/0\.169\.0 \(.*\) effect-app-server\/\S+ \(t; 1\)$/)
          assert.deepStrictEqual(
            { ...result, userAgent: "" },
            { userAgent: "", codexHome: server.codexHome, platformFamily: "unix", platformOs: "linux" }
          )
          const read = yield* client.request("config/read", {})
          assert.strictEqual(read.result.config.sandbox_mode, "danger-full-access")
        })
      )

      it.live("before anything else, and once", () =>
        Effect.gen(function* () {
          const { client } = yield* encounter(transport)
          yield* client.send(echo(1))
          assert.deepStrictEqual((yield* client.response(1)).error, NOT_INITIALIZED)
          // the form is looked at first
          yield* client.send({ id: 2, method: "command/exec", params: {} })
          assert.deepStrictEqual((yield* client.response(2)).error, {
            code: -32600,
            message: "Invalid request: missing field `command`"
          })
          yield* client.send({ method: "initialized" })
          yield* client.send(initialize(3))
          yield* client.send(initialize(4))
          assert.isDefined((yield* client.response(3)).result)
          assert.deepStrictEqual((yield* client.response(4)).error, {
            code: -32600,
            message: "Already initialized"
          })
          yield* fence(client)
        })
      )

      it.live("only with a name that can stand in a header, and lets the client try again", () =>
        Effect.gen(function* () {
          const { client } = yield* encounter(transport)
          yield* client.send(initialize(1, { clientInfo: { name: "a\nb", version: "1" } }))
          assert.deepStrictEqual((yield* client.response(1)).error, {
            code: -32600,
            message: "Invalid clientInfo.name: 'a\nb'. Must be a valid HTTP header value."
          })
          yield* client.send(initialize(2, { clientInfo: { name: "ä", version: "" } }))
          assert.match((yield* client.response(2)).result.userAgent, /^_\/.* \(_; \)$/)
        })
      )

      it.live("and keeps what is experimental, and what the client does not want, from it", () =>
        Effect.gen(function* () {
          const { client } = yield* encounter(transport, { config: "sandbox_mode = 1\n" })
          const optOutNotificationMethods = ["configWarning"]
          yield* client.send(initialize(1, { capabilities: { optOutNotificationMethods } }))
          yield* client.response(1)
          assert.deepStrictEqual((yield* client.request("mock/experimentalMethod", {})).error, {
            code: -32600,
            message: "mock/experimentalMethod requires experimentalApi capability"
          })
          assert.deepStrictEqual(client.inbox, [])
        })
      )

      it.live("and warns of a bad configuration right behind the answer", () =>
        Effect.gen(function* () {
          const { client } = yield* encounter(transport, { config: "sandbox_mode = 1\n" })
          yield* client.send(initialize(1))
          const [first, second] = [yield* client.next, yield* client.next]
          assert.strictEqual(first.id, 1)
          assert.strictEqual(second.method, "configWarning")
          assert.strictEqual(second.params.summary, "Invalid configuration; using defaults.")
        })
      )
    })

    describe("answers errors", () => {
      it.live("to nothing that is no message, and lives on", () =>
        Effect.gen(function* () {
          const { client, server } = yield* talk(transport)
          const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels)
          for (const text of [
            "",
            " ",
            "{",
            "{}",
            "[]",
            "7",
            "null",
            `"${"x".repeat(100)}"`,
            `\uFEFF${JSON.stringify(echo(1))}`,
            `${JSON.stringify(echo(1))}${JSON.stringify(echo(2))}`,
            `[${JSON.stringify(echo(1))}]`,
            '{"id":1.5,"method":"mock/experimentalMethod","params":{}}',
            '{"id":2.0,"method":"mock/experimentalMethod","params":{}}',
            '{"id":9223372036854775808,"method":"mock/experimentalMethod","params":{}}',
            '{"id":null,"method":"mock/experimentalMethod","params":{}}',
            '{"id":1,"id":1,"method":"mock/experimentalMethod","params":{}}',
            '{"id":1,"method":"mock/experimentalMethod","params":{"value":"\\ud800"}}',
            `{"id":1,"method":"mock/experimentalMethod","params":{"value":null,"x":${deep(130)}}}`,
            '{"id":5,"result":{}}',
            '{"method":"no/such/notification"}',
            '{"method":"command/exec","params":{"command":["true"]}}'
          ]) {
            yield* client.sendText(text)
            yield* fence(client)
          }
          assert.notInclude(server.stderr(), "listening on: stdio")
        })
      )

      it.live("with the reason, the method first, then its params", () =>
        Effect.gen(function* () {
          const { client } = yield* talk(transport)
          const exec = (params: unknown) => client.request("command/exec", params)
          const refused = (answer: { readonly error?: unknown }, message: string) =>
            assert.deepStrictEqual(answer.error, { code: -32600, message: `Invalid request: ${message}` })
          assert.match(
            (yield* client.request("no/such/method", "x")).error!.message,
            /^Invalid request: unknown variant `no\/such\/method`, expected one of `initialize`, /
          )
          refused(yield* exec(null), "missing field `params`")
          refused(yield* exec({ command: "x" }), 'invalid type: string "x", expected a sequence')
          refused(
            yield* exec({ command: ["x"], timeoutMs: 1.5 }),
            "invalid type: floating point `1.5`, expected i64"
          )
          assert.deepStrictEqual((yield* exec({ command: ["/nonexistent"] })).error?.code, -32603)
          assert.deepStrictEqual(
            (yield* exec({ command: ["x"], timeoutMs: 1, disableTimeout: true })).error?.code,
            -32602
          )
        })
      )

      it.live("and gives every id back as it came", () =>
        Effect.gen(function* () {
          const { client } = yield* talk(transport)
          for (const id of ["", "7", "ä\u2028\n", 7, 0, -1, Number.MAX_SAFE_INTEGER]) {
            yield* client.send(echo(id))
            assert.deepStrictEqual(yield* client.response(id), { id, result: { echoed: "x" } })
          }
          // 64 bits, which JSON.parse rounds
          const big = '"id":-9223372036854775808'
          yield* client.sendText(`{${big},"method":"mock/experimentalMethod","params":{"value":"x"}}`)
          assert.deepInclude(yield* client.next, { result: { echoed: "x" } })
          yield* fence(client)
        })
      )

      it.live("for what is too much at once, and exactly one for each request", () =>
        Effect.gen(function* () {
          const { client } = yield* talk(transport)
          const count = 1000
          const read = (id: number) => JSON.stringify({ id, method: "config/read", params: {} })
          for (let id = 0; id < count; id++) client.write(read(id))
          const answers = []
          while (answers.length < count) answers.push(yield* client.next)
          yield* fence(client)
          assert.strictEqual(new Set(answers.map(({ id }) => id)).size, count)
          const refused = answers.filter(({ error }) => error !== undefined)
          assert.isAbove(refused.length, 0)
          for (const { error } of refused) {
            assert.deepInclude(error, { code: -32001, message: "Server overloaded; retry later." })
          }
        })
      )
    })

    it.live("takes a message of 16 MiB, and ends the connection for a larger one", () =>
      Effect.gen(function* () {
        const { client, server } = yield* talk(transport)
        const mine = yield* startStubborn(client)
        const envelope = JSON.stringify(echo(1, "")).length
        const value = "x".repeat(16 * 1024 * 1024 - envelope)
        yield* client.send(echo(1, value))
        assert.strictEqual((yield* client.response(1, 10_000)).result.echoed, value)
        yield* client.send(echo(2, `${value}x`))
        yield* client.close
        assert.deepStrictEqual(client.inbox, [])
        yield* none(mine)
        if (transport.name === "stdio") assert.strictEqual(yield* server.exited, 0)
      })
    )

    for (const [how, leave] of [
      ["hangs up", (client: TestPeer) => client.hangUp()],
      ["vanishes", (client: TestPeer) => client.vanish()]
    ] as const) {
      it.live(`ends what a client started when that ${how}, whatever its commands have not read`, () =>
        Effect.gen(function* () {
          const { client, server } = yield* talk(transport)
          const mine = yield* startStubborn(client)
          const deltaBase64 = Buffer.alloc(3_000_000, "x").toString("base64")
          for (const id of ["s", "t"]) {
            yield* client.send({ id, method: "command/exec/write", params: { processId: id, deltaBase64 } })
          }
          leave(client)
          yield* none(mine)
          yield* client.close
          if (transport.name === "stdio") assert.strictEqual(yield* server.exited, 0)
        })
      )
    }

    it.live("leaves nothing running when it is killed", () =>
      Effect.gen(function* () {
        const { client, server } = yield* talk(transport)
        const mine = yield* startStubborn(client)
        yield* server.signal("SIGKILL")
        yield* none(mine)
      })
    )

    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
      const normal = transport.normalStops.has(signal)
      it.live(
        `stops on ${signal} ${normal ? "with exit code 0" : "as if by it"}, and all that runs with it`,
        () =>
          Effect.gen(function* () {
            const { client, server } = yield* talk(transport)
            const mine = yield* startStubborn(client)
            yield* server.signal(signal)
            assert.strictEqual(yield* server.exited, normal ? 0 : signal)
            yield* none(mine)
            assert.strictEqual(yield* client.close, transport.closeCode)
            // nothing of what ran was answered
            assert.deepStrictEqual(client.inbox, [])
          })
      )
    }
  })
}
