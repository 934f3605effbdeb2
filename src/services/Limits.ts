/**
 * The bounds that an operator may want to change. Everything else that is bounded is a constant where it is used.
 * None of them comes from the command line: `AppServer.layer` takes them.
 */
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"

export interface Limits {
  /** WebSockets open at once; one more is answered 503 before the upgrade. */
  readonly maxConnections: number
  /** Milliseconds from the first byte of a request, or from the connection, to the end of its headers. */
  readonly handshakeTimeoutMs: number
  /** Sockets that have not become WebSockets; for one more the oldest is closed. */
  readonly maxPendingSockets: number
  /** Commands of one connection, from the request to the end of the last process; one more is answered -32001. */
  readonly maxProcessesPerConnection: number
  /** Commands of all connections together; one more is answered -32001. */
  readonly maxProcesses: number
  /** Bytes of each stream that are kept for a buffered answer; a command that writes more is killed. */
  readonly maxBufferedBytes: number
  /**
   * Bytes of one connection that the system has not taken; above it no request of that client is read until half
   * of them are gone. Streams wait above 1 MiB already, so less than 2 MiB would make requests wait for streams.
   */
  readonly maxUnsentBytes: number
  /** Bytes of the largest file that `fs/readFile` reads. */
  readonly maxReadFileBytes: number
  /** Watches of one connection; one more is answered -32001. */
  readonly maxWatchesPerConnection: number
}

export const DEFAULT_LIMITS: Limits = {
  // at 40 KB for an idle one these are 160 MiB
  maxConnections: 4096,
  // the slowest network brings a kilobyte in one of them
  handshakeTimeoutMs: 5000,
  // all that may be connected can come at once, after a restart for instance
  maxPendingSockets: 4096,
  // no person and no build starts so many at once; a loop that lost control does
  maxProcessesPerConnection: 256,
  // with three pipes and a few processes each, within the limits of an ordinary Linux user
  maxProcesses: 1024,
  // a quarter of the longest string of V8 (512 MiB), so that both streams and their escapes usually fit an answer
  maxBufferedBytes: 128 * 1024 * 1024,
  // eight times what a stream may queue: answers of usual sizes never come near it while a client reads
  maxUnsentBytes: 8 * 1024 * 1024,
  // as base64 in a message still below the 100 MiB that a client made with `ws` takes
  maxReadFileBytes: 64 * 1024 * 1024,
  // each may cost two of the system's, of which a user has some ten thousand to a million
  maxWatchesPerConnection: 1024
}

/** The bounds that hold; without a layer, the defaults. */
export const Limits = Context.Reference<Limits>("effect-app-server/Limits", {
  defaultValue: () => DEFAULT_LIMITS
})

/** The defaults, but for these. */
export const layer = (limits: Partial<Limits> = {}): Layer.Layer<never> =>
  Layer.succeed(Limits, { ...DEFAULT_LIMITS, ...limits })
