/** The same handlers under Effect's own RpcServer, asked by Effect's own RpcClient over a socket. */
import * as NodeSocket from "@effect/platform-node/NodeSocket"
import * as NodeSocketServer from "@effect/platform-node/NodeSocketServer"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as NetAddress from "effect/net/NetAddress"
import * as RpcClient from "effect/rpc/RpcClient"
import * as RpcSerialization from "effect/rpc/RpcSerialization"
import * as RpcServer from "effect/rpc/RpcServer"
import * as SocketServer from "effect/socket/SocketServer"
import * as AppServer from "../../src/layers/AppServer.ts"
import * as NodeProcessSpawner from "../../src/layers/NodeProcessSpawner.ts"
import { AppServerRpcs } from "../../src/rpc/AppServerRpcs.ts"
import * as ServedRpcs from "../../src/services/ServedRpcs.ts"
import * as Scripted from "../support/scripted.ts"
import * as ScriptedSpawner from "../support/ScriptedSpawner.ts"

const layerServer = RpcServer.layer(ServedRpcs.ServedRpcs).pipe(
  Layer.provide(AppServer.layerHandlers),
  Layer.provide(ServedRpcs.layerMiddleware),
  Layer.provide(Scripted.services({ ...ScriptedSpawner.make(), layer: NodeProcessSpawner.layer })),
  Layer.provide(RpcServer.layerProtocolSocketServer),
  Layer.provideMerge(NodeSocketServer.layer({ host: "127.0.0.1", port: 0 })),
  Layer.provideMerge(RpcSerialization.layerNdjson)
)

const makeClient = Effect.gen(function* () {
  const { address } = yield* SocketServer.SocketServer
  if (NetAddress.isUnixPathAddress(address)) return yield* Effect.die("not a port")
  const protocol = yield* Layer.build(
    RpcClient.layerProtocolSocket().pipe(
      Layer.provide(NodeSocket.layerNet({ host: "127.0.0.1", port: address.port }))
    )
  )
  return yield* RpcClient.make(AppServerRpcs, { flatten: true }).pipe(Effect.provide(protocol))
})

describe("the handlers under RpcServer", () => {
  it.live("shake hands with each client, run commands and refuse with the same errors", () =>
    Effect.gen(function* () {
      const a = yield* makeClient
      const b = yield* makeClient
      yield* a("initialize", { clientInfo: { name: "rpc", version: "1" } })
      assert.deepInclude(yield* Effect.flip(b("config/read", {})), {
        code: -32600,
        message: "Not initialized"
      })
      assert.deepStrictEqual(yield* a("configRequirements/read", undefined), {
        supportsIndependentSpeedModes: true,
        requirements: null
      })
      const params = { command: ["sh", "-c", "echo out; echo err >&2; exit 3"], cwd: "/" }
      assert.deepStrictEqual(yield* a("command/exec", params), {
        exitCode: 3,
        stdout: "out\n",
        stderr: "err\n"
      })
      assert.deepInclude(yield* Effect.flip(a("command/exec", { command: [] })), {
        code: -32600,
        message: "command must not be empty"
      })
    }).pipe(Effect.provide(layerServer))
  )

  it.live("serve a process to its end, after which its handle is free", () =>
    Effect.gen(function* () {
      const client = yield* makeClient
      const capabilities = { experimentalApi: true }
      yield* client("initialize", { clientInfo: { name: "rpc", version: "1" }, capabilities })
      const named = { processHandle: "h" }
      const params = { ...named, command: ["cat"], cwd: "/", streamStdin: true }
      assert.deepStrictEqual(yield* client("process/spawn", params), {})
      const duplicate = yield* Effect.flip(client("process/spawn", params))
      assert.strictEqual(duplicate.message, 'duplicate active process handle: "h"')
      yield* client("process/writeStdin", { ...named, closeStdin: true })
      yield* Effect.retry(client("process/spawn", params), { times: 500, schedule: Schedule.spaced(10) })
      yield* client("process/kill", named)
    }).pipe(Effect.provide(layerServer))
  )
})
