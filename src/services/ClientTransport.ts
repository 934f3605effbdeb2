/** The port below a client: how messages get to a server and back, over whatever there is. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { OpenError } from "./ClientError.ts"

/** The longest message of a server: the longest text of V8. Buffered output comes as one message. */
export const MAX_ANSWER_BYTES = 2 ** 29 - 24

/** Where a transport hands what it hears. */
export interface ClientInbox {
  /** One message, in order. */
  readonly receive: (text: string) => void
  /** The connection is over, after all that was received; `reason` is for a person. Only the first time counts. */
  readonly lost: (reason: string) => void
}

/** A connection, as long as the Scope that it was opened in. */
export interface ClientLink {
  /** Queues one message; at the end of the connection it is dropped. Whoever wants to know waits for its answer. */
  readonly send: (text: string) => void
  /** Stops reading, so that the server has to wait. What was read already is still received. */
  readonly pause: () => void
  readonly resume: () => void
  /** Ends the connection without ado. */
  readonly destroy: () => void
}

export class ClientTransport extends Context.Service<
  ClientTransport,
  {
    /** Connects; each time it is a connection of its own. */
    readonly open: (inbox: ClientInbox) => Effect.Effect<ClientLink, OpenError, Scope.Scope>
  }
>()("effect-app-server/ClientTransport") {}
