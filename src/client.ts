/** The client by itself: none of the server's code comes with it. */
export * as PromiseClient from "./layers/PromiseClient.ts"
export * as StdioClient from "./layers/StdioClient.ts"
export * as WebSocketClient from "./layers/WebSocketClient.ts"
export { AppServerRpcs, ServerNotifications } from "./rpc/AppServerRpcs.ts"
export { AppServerClient } from "./services/AppServerClient.ts"
export type { Method, Params, Result } from "./services/ClientConnection.ts"
export {
  ConnectError,
  ConnectionLost,
  HandshakeRefused,
  RequestError,
  type CallError,
  type InvalidMessage,
  type OpenError
} from "./services/ClientError.ts"
export { ClientTransport, type ClientInbox, type ClientLink } from "./services/ClientTransport.ts"
export type { OutputChunk } from "./services/OutputBuffer.ts"
export type { ExecParams, ExecResult, RemoteProcess } from "./services/RemoteProcess.ts"
export type { NotificationMethod, NotificationParams } from "./services/Subscriptions.ts"
