/** The notifications of a server, by method, for whoever listens. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import type { ServerNotifications } from "../rpc/AppServerRpcs.ts"
import type { ConnectionLost } from "./ClientError.ts"
import { UnreadQueue, type ReadingGate } from "./UnreadQueue.ts"

/**
 * How many notifications of a method are kept while nobody listens, the newest ones: `configWarning`s come right after the
 * handshake, before anybody can listen to them.
 */
export const MAX_EARLY_NOTIFICATIONS = 64

export type NotificationMethod = keyof ServerNotifications
export type NotificationParams<Method extends NotificationMethod> = ServerNotifications[Method]["Type"]

interface Early {
  readonly params: unknown
  readonly bytes: number
}

export class Subscriptions {
  readonly #gate: ReadingGate
  readonly #queues = new Map<string, Set<UnreadQueue<unknown, ConnectionLost>>>()
  readonly #early = new Map<string, Array<Early>>()
  #lost: ConnectionLost | undefined

  constructor(gate: ReadingGate) {
    this.#gate = gate
  }

  /** Hands on decoded params; `bytes` is about what they take. */
  deliver(method: string, params: unknown, bytes: number): void {
    const queues = this.#queues.get(method)
    if (queues !== undefined) {
      for (const queue of queues) queue.push(params, bytes)
      return
    }
    const early = this.#early.get(method) ?? []
    this.#early.set(method, early)
    early.push({ params, bytes })
    if (early.length > MAX_EARLY_NOTIFICATIONS) early.shift()
  }

  /** All from now on, and what came before if nobody listened then. */
  stream<Method extends NotificationMethod>(
    method: Method
  ): Stream.Stream<NotificationParams<Method>, ConnectionLost> {
    return Stream.unwrap(
      Effect.map(
        Effect.acquireRelease(
          Effect.sync(() => this.#subscribe(method)),
          (queue) => Effect.sync(() => this.#unsubscribe(method, queue))
        ),
        (queue) => queue.read() as Stream.Stream<NotificationParams<Method>, ConnectionLost>
      )
    )
  }

  /** Nothing more comes; who listens gets what is there first. */
  end(lost: ConnectionLost): void {
    this.#lost = lost
    for (const queues of this.#queues.values()) for (const queue of queues) queue.end(Exit.fail(lost))
  }

  #subscribe(method: string): UnreadQueue<unknown, ConnectionLost> {
    const queue = new UnreadQueue<unknown, ConnectionLost>(this.#gate)
    for (const { bytes, params } of this.#early.get(method) ?? []) queue.push(params, bytes)
    this.#early.delete(method)
    if (this.#lost !== undefined) queue.end(Exit.fail(this.#lost))
    const queues = this.#queues.get(method) ?? new Set()
    this.#queues.set(method, queues.add(queue))
    return queue
  }

  #unsubscribe(method: string, queue: UnreadQueue<unknown, ConnectionLost>): void {
    const queues = this.#queues.get(method)!
    queues.delete(queue)
    if (queues.size === 0) this.#queues.delete(method)
    queue.discard()
  }
}
