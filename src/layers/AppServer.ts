/** The composition: the handlers of the contract over the services, the services over this machine. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as Layer from "effect/Layer"
import * as CommandExecHandlers from "../services/CommandExecHandlers.ts"
import { CommandExec } from "../services/CommandExec.ts"
import * as ConfigHandlers from "../services/ConfigHandlers.ts"
import { ConnectionCommands } from "../services/ConnectionCommands.ts"
import { Dispatcher } from "../services/Dispatcher.ts"
import { FileSystem } from "../services/FileSystem.ts"
import * as FileSystemHandlers from "../services/FileSystemHandlers.ts"
import { FileWatches } from "../services/FileWatches.ts"
import * as HandshakeHandlers from "../services/HandshakeHandlers.ts"
import * as Limits from "../services/Limits.ts"
import * as MockHandlers from "../services/MockHandlers.ts"
import * as ProcessHandlers from "../services/ProcessHandlers.ts"
import { ProcessQuota } from "../services/ProcessQuota.ts"
import * as ServedRpcs from "../services/ServedRpcs.ts"
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
  /** Values that are stronger than any file. */
  readonly overrides: Readonly<Record<string, unknown>>
  /** Makes what is bad or unknown in a file of the configuration an error. */
  readonly strictConfig?: boolean
  /** Bounds other than the defaults, the transport's included. */
  readonly limits?: Partial<Limits.Limits>
}

/** All of the server on this machine but the way in: what any transport needs. */
export const layerMachine = (options: MachineOptions) =>
  layerDispatcher.pipe(
    Layer.provide(CommandExec.layer),
    Layer.provide(BubblewrapSandbox.layer),
    Layer.provide([
      NodeProcessSpawner.layer,
      NodeHostInfo.layer(options.codexHome),
      NodeLocalFiles.layer,
      NodeFileWatcher.layer,
      TomlConfigStore.layer(options)
    ]),
    Layer.provide([NodeFileSystem.layer, NodePath.layer]),
    Layer.provideMerge(Limits.layer(options.limits))
  )

export interface AppServerOptions extends MachineOptions {
  readonly listen: ListenAddress
  /** Who may connect; by default every client on this machine, and no page in a browser. */
  readonly access?: Access
}

/** The server on this machine, listening for WebSockets as long as the layer lives. */
export const layer = (options: AppServerOptions) =>
  WebSocketTransport.layer(options.listen, options.access).pipe(Layer.provide(layerMachine(options)))
