/** The handlers and the dispatcher over scripted processes, with connections that are nothing but an inbox. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Latch from "effect/Latch"
import * as AppServer from "../../src/layers/AppServer.ts"
import * as NodeFileWatcher from "../../src/layers/NodeFileWatcher.ts"
import * as NodeLocalFiles from "../../src/layers/NodeLocalFiles.ts"
import { CommandExec } from "../../src/services/CommandExec.ts"
import {
  ConfigStore,
  defaultSandboxWorkspaceWrite,
  type StartupConfig
} from "../../src/services/ConfigStore.ts"
import { Dispatcher } from "../../src/services/Dispatcher.ts"
import { HostInfo } from "../../src/services/HostInfo.ts"
import { Sandbox } from "../../src/services/Sandbox.ts"
import { defaultPolicy } from "../../src/services/ShellEnvironment.ts"
import type { Message } from "./harness.ts"
import type { ScriptedSpawner } from "./ScriptedSpawner.ts"

export const hostInfo: HostInfo["Service"] = {
  codexHome: "/home/tester/.codex",
  cwd: "/srv",
  home: "/home/tester",
  env: { PATH: "/bin", MARK: "of the server" },
  os: "Debian 12.0.0",
  architecture: "x86_64",
  platformFamily: "unix",
  platformOs: "linux"
}

/** A configuration that lets commands run without a sandbox, except for what is given. */
export const config = (startup: Partial<StartupConfig> = {}, read?: ConfigStore["Service"]["read"]) =>
  ConfigStore.layerTest({
    startup: {
      sandboxMode: "danger-full-access",
      sandboxWorkspaceWrite: defaultSandboxWorkspaceWrite,
      shellEnvironmentPolicy: defaultPolicy,
      warnings: [],
      ...startup
    },
    ...(read && { read })
  })

/** The services below the handlers. */
export const services = (scripted: ScriptedSpawner, configuration = config()) =>
  Layer.mergeAll(
    CommandExec.layer.pipe(Layer.provide([scripted.layer, Sandbox.layerNone()])),
    configuration,
    Layer.succeed(HostInfo, hostInfo),
    NodeFileSystem.layer,
    NodeFileWatcher.layer,
    NodeLocalFiles.layer,
    NodePath.layer
  )

/** The dispatcher over services. */
export const layerDispatcher = (over: ReturnType<typeof services>) =>
  Layer.provide(AppServer.layerDispatcher, over)

/** The dispatcher over these. */
export const dispatcher = (...parameters: Parameters<typeof services>) =>
  layerDispatcher(services(...parameters))

/** A connection whose frames are kept. It is opened in the current Scope. */
export const connect = Effect.gen(function* () {
  const { connect } = yield* Dispatcher
  const sent: Array<Message> = []
  const frames: Array<string> = []
  const open = Latch.makeUnsafe(true)
  const receive = yield* connect({
    send: (frame) => {
      const text = typeof frame === "string" ? frame : Buffer.concat([frame].flat()).toString()
      frames.push(text)
      sent.push(JSON.parse(text) as Message)
    },
    isDrained: () => open.isOpen(),
    drained: open.await
  })
  const send = (message: object) => receive(JSON.stringify(message))
  /** Takes what was sent since this was last called. */
  const taken = () => {
    frames.length = 0
    return sent.splice(0)
  }
  return {
    /** Hands one text frame to the dispatcher. */
    receive,
    send,
    frames,
    taken,
    /** The client stops reading, and goes on. */
    stall: open.close,
    resume: open.open,
    initialize: (capabilities: object | null = { experimentalApi: true }) => {
      send({
        id: "init",
        method: "initialize",
        params: { clientInfo: { name: "t", version: "1" }, capabilities }
      })
      return taken()
    }
  }
})
