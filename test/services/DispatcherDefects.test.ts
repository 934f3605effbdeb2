import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { vi } from "vitest"
import * as Scripted from "../support/scripted.ts"
import * as ScriptedSpawner from "../support/ScriptedSpawner.ts"

// a fault of ours that only some params meet
vi.mock("../../src/rpc/InvalidParams.ts", () => ({
  judge: () => {
    throw new Error("a fault")
  }
}))

describe("a fault of the server's own", () => {
  it.effect("is the end of one request, not of the server", () =>
    Effect.gen(function* () {
      const client = yield* Scripted.connect
      client.initialize()
      client.receive('{"id":1,"method":"command/exec","params":{"command":"no list"}}')
      client.receive('{"id":2,"method":"mock/experimentalMethod","params":{}}')
      assert.deepStrictEqual(client.frames, [
        `{"error":{"code":-32603,"message":"internal error; the server's log has the details"},"id":1}`,
        '{"id":2,"result":{"echoed":null}}'
      ])
    }).pipe(Effect.provide(Scripted.dispatcher(ScriptedSpawner.make())))
  )
})
