/**
 * One client: what it said in its handshake, where its frames go, and the commands that it may name.
 *
 * A transport opens a connection in a Scope; when that Scope closes, everything that the client started ends.
 * Handlers get theirs from the middleware in `ServedRpcs`, so they know nothing of sockets or dispatchers.
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import type { ServerNotifications } from "../rpc/AppServerRpcs.ts"
import type { InitializeParams } from "../rpc/Handshake.ts"
import { printNotification } from "../rpc/JsonRpc.ts"
import * as LongText from "./LongText.ts"
import { NamedProcesses } from "./NamedProcesses.ts"

/** The largest message of a client, 16 MiB; a larger one ends its connection (measured on Codex 0.169.0). */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024

/** How far a connection's handshake is. */
export type Handshake = Data.TaggedEnum<{
  AwaitingInitialize: {}
  Initialized: {
    readonly clientInfo: InitializeParams["clientInfo"]
    readonly experimentalApi: boolean
    readonly optOut: ReadonlySet<string>
    /** Names of the protocol extensions that the client knows. */
    readonly extensions: ReadonlySet<string>
  }
}>
export const Handshake = Data.taggedEnum<Handshake>()

/** One text frame: as text, or as its UTF-8 bytes, in pieces if it is long. */
export type Frame = string | Uint8Array | ReadonlyArray<Uint8Array>

/** Where the frames of a connection go. */
export interface Outbox {
  /** Queues one frame. Order is kept; nothing waits, nothing fails. */
  readonly send: (frame: Frame) => void
  /** Whether more of a stream may be sent: unless the client is slow. */
  readonly isDrained: () => boolean
  /** Done when it may. */
  readonly drained: Effect.Effect<void>
}

export class Connection extends Context.Service<
  Connection,
  {
    readonly handshake: Ref.Ref<Handshake>
    /** Takes no frames once the connection is closing. */
    readonly outbox: Outbox
    /** What `command/exec` runs, by `processId`. */
    readonly processIds: NamedProcesses
    /** What `process/spawn` runs, by `processHandle`. */
    readonly processHandles: NamedProcesses
    /** Closes with the connection. */
    readonly scope: Scope.Scope
    /** False when the client opted out of this notification. */
    readonly wants: (method: keyof ServerNotifications) => boolean
    /** Sends a notification, unless the client opted out of it. */
    readonly notify: <Method extends keyof ServerNotifications>(
      method: Method,
      params: ServerNotifications[Method]["Type"]
    ) => Effect.Effect<void>
  }
>()("effect-app-server/Connection") {
  /** A connection at its beginning. */
  static make({ drained, isDrained, send }: Outbox, scope: Scope.Scope): Connection["Service"] {
    const outbox: Outbox = {
      send: (frame) => {
        // what the end of the connection ends has nothing to say any more
        if (scope.state._tag !== "Closed") send(frame)
      },
      isDrained,
      drained
    }
    const handshake = Ref.makeUnsafe<Handshake>(Handshake.AwaitingInitialize())
    const wants = (method: string) => {
      const state = Ref.getUnsafe(handshake)
      return state._tag === "AwaitingInitialize" || !state.optOut.has(method)
    }
    return {
      handshake,
      outbox,
      processIds: new NamedProcesses(),
      processHandles: new NamedProcesses(),
      scope,
      wants,
      notify: (method, params) =>
        Effect.suspend(() => {
          if (!wants(method)) return Effect.void
          outbox.send(LongText.print(params, (params) => printNotification(method, params, Date.now())))
          return outbox.drained
        })
    }
  }
}
