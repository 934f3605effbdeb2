/**
 * The public face for other Effect apps: the contract (groups of rpcs), what serves it (services), and how that is
 * done on a machine (layers). Each comes as its module does; `client.ts` has what clients need.
 */
export * from "./client.ts"

// The contract.
export { ConnectedRpcs } from "./rpc/AppServerRpcs.ts"
export { CommandExecRpcs } from "./rpc/CommandExec.ts"
export { ConfigRpcs } from "./rpc/Config.ts"
export { ConfigRequirementsRpcs } from "./rpc/ConfigRequirements.ts"
export { ConfigWriteRpcs } from "./rpc/ConfigWrite.ts"
export { FileSystemRpcs } from "./rpc/FileSystem.ts"
export { HandshakeRpcs } from "./rpc/Handshake.ts"
export { MockRpcs } from "./rpc/MockExperimental.ts"
export { ProcessRpcs } from "./rpc/Process.ts"
export { WireError } from "./rpc/WireError.ts"

// The services.
export { CommandExec, type Command, type CommandExit, type RunningCommand } from "./services/CommandExec.ts"
export {
  NotATerminal,
  SandboxFailed,
  SandboxUnavailable,
  SpawnError,
  StdinClosed,
  StdinFull,
  StdinNotStreamed
} from "./services/CommandExecError.ts"
export { ConfigError } from "./services/ConfigError.ts"
export { ConfigStore } from "./services/ConfigStore.ts"
export { Connection, type Outbox } from "./services/Connection.ts"
export { Dispatcher, type Receive } from "./services/Dispatcher.ts"
export { HostInfo } from "./services/HostInfo.ts"
export * as InProcessTransport from "./services/InProcessTransport.ts"
export { Limits } from "./services/Limits.ts"
export * as Metrics from "./services/Metrics.ts"
export type { OutputBuffer, Producer } from "./services/OutputBuffer.ts"
export {
  ProcessSpawner,
  type ExitStatus,
  type Launcher,
  type RunningProcess,
  type SpawnSpec
} from "./services/ProcessSpawner.ts"
export { Sandbox, type Confinable, type Confinement } from "./services/Sandbox.ts"
export * as SandboxRules from "./services/SandboxRules.ts"
export * as ServedRpcs from "./services/ServedRpcs.ts"
export * as TestProgram from "./services/TestProgram.ts"

// The layers.
export * as AppServer from "./layers/AppServer.ts"
export * as BubblewrapSandbox from "./layers/BubblewrapSandbox.ts"
export { ListenError } from "./layers/HttpListener.ts"
export type { ListenAddress } from "./layers/ListenAddress.ts"
export * as NodeHostInfo from "./layers/NodeHostInfo.ts"
export * as NodeProcessSpawner from "./layers/NodeProcessSpawner.ts"
export { StdioError, StdioTransport, type Streams } from "./layers/StdioTransport.ts"
export { UnixTransport } from "./layers/UnixTransport.ts"
export * as WebSocketRoute from "./layers/WebSocketRoute.ts"
export {
  UnprotectedAddress,
  WebSocketTransport,
  type Access,
  type WebSocketOptions
} from "./layers/WebSocketTransport.ts"
export * as CapabilityToken from "./layers/auth/CapabilityToken.ts"
export { Unauthorized, type TokenCheck } from "./layers/auth/ConnectionAuth.ts"
export * as SignedBearerToken from "./layers/auth/SignedBearerToken.ts"
