/** The composition: the handlers of the contract over the services, the services over this machine. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as Layer from "effect/Layer"
import * as CommandExecHandlers from "../services/CommandExecHandlers.ts"
import { CommandExec } from "../services/CommandExec.ts"
import type { ClientTransport } from "../services/ClientTransport.ts"
import * as ConfigHandlers from "../services/ConfigHandlers.ts"
import { ConnectionCommands } from "../services/ConnectionCommands.ts"
import { Dispatcher } from "../services/Dispatcher.ts"
import { FileSystem } from "../services/FileSystem.ts"
import * as FileSystemHandlers from "../services/FileSystemHandlers.ts"
import { FileWatches } from "../services/FileWatches.ts"
import * as HandshakeHandlers from "../services/HandshakeHandlers.ts"
import type { HostInfo } from "../services/HostInfo.ts"
import * as InProcessTransport from "../services/InProcessTransport.ts"
import * as Limits from "../services/Limits.ts"
import * as Metrics from "../services/Metrics.ts"
import * as MockHandlers from "../services/MockHandlers.ts"
import * as ProcessHandlers from "../services/ProcessHandlers.ts"
import { ProcessQuota } from "../services/ProcessQuota.ts"
import type { ProcessSpawner } from "../services/ProcessSpawner.ts"
import type { Sandbox } from "../services/Sandbox.ts"
import * as ServedRpcs from "../services/ServedRpcs.ts"
import * as TestMachine from "../services/TestMachine.ts"
import type { TestPrograms } from "../services/TestProgram.ts"
import * as BubblewrapSandbox from "./BubblewrapSandbox.ts"
import type { ListenAddress } from "./ListenAddress.ts"
import * as NodeFileWatcher from "./NodeFileWatcher.ts"
import * as NodeHostInfo from "./NodeHostInfo.ts"
import * as NodeLocalFiles from "./NodeLocalFiles.ts"
import * as NodeProcessSpawner from "./NodeProcessSpawner.ts"
import * as TomlConfigStore from "./TomlConfigStore.ts"
import { WebSocketTransport, type Access } from "./WebSocketTransport.ts"

/** Every method's handler, over whatever services are provided. */
export const layerHandlers = Layer.mergeAll(
  HandshakeHandlers.layer,
  ConfigHandlers.layer,
  CommandExecHandlers.layer,
  FileSystemHandlers.layer,
  MockHandlers.layer,
  ProcessHandlers.layer
).pipe(
  Layer.provide([ConnectionCommands.layer, FileSystem.layer, FileWatches.layer]),
  Layer.provide(ProcessQuota.layer)
)

/** The handlers behind connections, over whatever services are provided. */
export const layerDispatcher = Dispatcher.layer.pipe(
  Layer.provide(layerHandlers),
  Layer.provide(ServedRpcs.layerMiddleware)
)

export interface MachineOptions {
  /** The configuration directory. */
  readonly codexHome: string
  /** Values that are stronger than any file; by default none. */
  readonly overrides?: Readonly<Record<string, unknown>>
  /** Makes what is bad or unknown in a file of the configuration an error. */
  readonly strictConfig?: boolean
  /** Bounds other than the defaults, the transport's included. */
  readonly limits?: Partial<Limits.Limits>
  /**
   * Counts requests, connections, processes and bytes as Effect's `Metric`s, and where there is a port of our own shows
   * them at `GET /metrics`; by default nothing is counted.
   */
  readonly metrics?: boolean | undefined
  /** What starts processes, in place of this machine's pipes and terminals. */
  readonly spawner?: Layer.Layer<ProcessSpawner>
  /** What confines commands, in place of bubblewrap. */
  readonly sandbox?: Layer.Layer<Sandbox, never, ProcessSpawner | HostInfo>
}

/** All of the server on this machine but the way in: what any transport needs. */
export const layerMachine = (options: MachineOptions) =>
  layerDispatcher.pipe(
    Layer.provide(CommandExec.layer),
    Layer.provide(options.sandbox ?? BubblewrapSandbox.layer),
    Layer.provide([
      options.spawner ?? NodeProcessSpawner.layer,
      NodeHostInfo.layer(options.codexHome),
      NodeLocalFiles.layer,
      NodeFileWatcher.layer,
      TomlConfigStore.layer({ overrides: {}, ...options })
    ]),
    Layer.provide([NodeFileSystem.layer, NodePath.layer]),
    Layer.provide(options.metrics === true ? Metrics.layer : Layer.empty),
    Layer.provideMerge(Limits.layer(options.limits))
  )

export interface AppServerOptions extends MachineOptions {
  readonly listen: ListenAddress
  /** Who may connect; by default every client on this machine, and no page in a browser. */
  readonly access?: Access
}

/** The server on this machine, listening for WebSockets as long as the layer lives. */
export const layer = (options: AppServerOptions) =>
  WebSocketTransport.layer(options.listen, { ...options.access, metrics: options.metrics }).pipe(
    Layer.provide(layerMachine(options))
  )

/**
 * The server for tests of clients: the whole protocol, quick and the same on every machine. Commands are the programs
 * that are given, and no policy confines them; there are no files and no configuration. A client of this library
 * finds it as its transport; for one that connects by itself put a `WebSocketTransport` in front.
 */
export const layerTest = (
  programs: TestPrograms = {},
  limits?: Partial<Limits.Limits>
): Layer.Layer<Dispatcher | ClientTransport> =>
  InProcessTransport.layer.pipe(
    Layer.provideMerge(layerDispatcher),
    Layer.provide(CommandExec.layer),
    Layer.provide(TestMachine.layer(programs)),
    Layer.provideMerge(Limits.layer(limits))
  )
