import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { connect, startServer } from "../support/harness.ts"

const CONFIG = `
model = "mock-model"
approval_policy = "never"
sandbox_mode = "read-only"
model_provider = "mock_provider"

[model_providers.mock_provider]
name = "Mock provider"
base_url = "http://127.0.0.1:1/v1"
`

describe("two clients of one server", () => {
  it.live("shake hands and read the configuration each for itself, with the same ids", () =>
    Effect.gen(function* () {
      const server = yield* startServer({ config: CONFIG })
      const a = yield* connect(server.url)
      const b = yield* connect(server.url)
      const initialize = (name: string) => ({
        id: 1,
        method: "initialize",
        params: { clientInfo: { name, title: null, version: "1" }, capabilities: null }
      })

      yield* a.send(initialize("a"))
      assert.strictEqual((yield* a.response(1)).result.codexHome, server.codexHome)
      yield* b.silence

      yield* b.send({ id: 2, method: "config/read", params: {} })
      assert.deepStrictEqual(yield* b.response(2), {
        id: 2,
        error: { code: -32600, message: "Not initialized" }
      })
      yield* a.silence

      yield* b.send(initialize("b"))
      assert.match((yield* b.response(1)).result.userAgent, /^a\/.*\(b; 1\)$/)

      yield* a.send({ id: 77, method: "config/read", params: { includeLayers: true } })
      yield* b.send({ id: 77, method: "config/read", params: {} })
      for (const client of [a, b]) {
        const { config, layers } = (yield* client.response(77)).result
        assert.deepInclude(config, {
          model: "mock-model",
          approval_policy: "never",
          sandbox_mode: "read-only",
          model_provider: "mock_provider"
        })
        assert.deepInclude(config.model_providers.mock_provider, { name: "Mock provider" })
        assert.strictEqual(layers === undefined, client === b)
        yield* client.silence
      }
    })
  )
})
