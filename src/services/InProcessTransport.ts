/** A client's way to a server in the same process: the protocol as it is on the wire, without a wire. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { ClientTransport, type ClientInbox, type ClientLink } from "./ClientTransport.ts"
import { Dispatcher } from "./Dispatcher.ts"

/** What was said to a client that has paused; streams wait, so these are answers, of which it asked for each. */
class Pausable {
  readonly #inbox: ClientInbox
  readonly #open = Latch.makeUnsafe(true)
  #held: Array<string> = []
  #paused = false

  constructor(inbox: ClientInbox) {
    this.#inbox = inbox
  }

  readonly isDrained = () => !this.#paused
  readonly drained = this.#open.await

  receive(text: string): void {
    if (this.#paused) this.#held.push(text)
    else this.#inbox.receive(text)
  }

  pause(): void {
    this.#paused = true
    this.#open.closeUnsafe()
  }

  resume(): void {
    this.#paused = false
    const held = this.#held
    this.#held = []
    // who receives may pause again
    for (const text of held) this.receive(text)
    if (!this.#paused) this.#open.openUnsafe()
  }
}

/** Each client is a connection of its own, which ends with the client's Scope. */
export const layer: Layer.Layer<ClientTransport, never, Dispatcher> = Layer.effect(
  ClientTransport,
  Effect.gen(function* () {
    const dispatcher = yield* Dispatcher
    const context = yield* Effect.context<never>()
    return {
      open: Effect.fnUntraced(function* (inbox) {
        const decoder = new TextDecoder()
        const pausable = new Pausable(inbox)
        const connection = yield* Scope.fork(yield* Effect.scope)
        const receive = yield* Scope.provide(
          dispatcher.connect({
            send: (frame) =>
              pausable.receive(
                typeof frame === "string"
                  ? frame
                  : decoder.decode(frame instanceof Uint8Array ? frame : Buffer.concat(frame))
              ),
            isDrained: pausable.isDrained,
            drained: pausable.drained
          }),
          connection
        )
        const link: ClientLink = {
          send: (text) => {
            if (connection.state._tag !== "Closed") receive(text)
          },
          pause: () => pausable.pause(),
          resume: () => pausable.resume(),
          destroy: () => {
            Effect.runForkWith(context)(Scope.close(connection, Exit.void))
            inbox.lost("destroyed by this client")
          }
        }
        return link
      })
    }
  })
)
