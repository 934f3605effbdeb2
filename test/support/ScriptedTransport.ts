/** A client's transport without a server: the test says what the server says. */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { AppServerClient } from "../../src/services/AppServerClient.ts"
import type { Params } from "../../src/services/ClientConnection.ts"
import { ClientTransport, type ClientInbox } from "../../src/services/ClientTransport.ts"
import type { Message } from "./harness.ts"

export const HELLO = { clientInfo: { name: "test", version: "1" } }

export const SERVER = {
  userAgent: "scripted",
  codexHome: "/home",
  platformFamily: "unix",
  platformOs: "linux"
}

export class ScriptedTransport {
  /** What the client sent and the test did not look at yet. */
  #sent: Array<Message> = []
  #inbox: ClientInbox | undefined
  paused = false
  destroyed = false
  closed = false

  readonly layer = Layer.succeed(ClientTransport, {
    open: (inbox) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          this.#inbox = inbox
          return {
            send: (text) => void this.#sent.push(JSON.parse(text) as Message),
            pause: () => {
              assert.isFalse(this.paused)
              this.paused = true
            },
            resume: () => {
              assert.isTrue(this.paused)
              this.paused = false
            },
            destroy: () => {
              this.destroyed = true
            }
          }
        }),
        () =>
          Effect.sync(() => {
            this.closed = true
          })
      )
  })

  /** Takes what the client sent since this was last called. */
  taken(): ReadonlyArray<Message> {
    return this.#sent.splice(0)
  }

  /** Takes the one message that the client sent. */
  one(): Message {
    const messages = this.taken()
    assert.lengthOf(messages, 1)
    return messages[0]!
  }

  receive(text: string): void {
    this.#inbox!.receive(text)
  }

  says(message: object): void {
    this.receive(JSON.stringify(message))
  }

  answers({ id }: Message, result: unknown = {}): void {
    this.says({ id, result })
  }

  refuses({ id }: Message, code: number, message: string, data?: unknown): void {
    this.says({ error: { code, message, data }, id })
  }

  notifies(method: string, params: object): void {
    this.says({ method, params, emittedAtMs: 1 })
  }

  /** Output of a command; the bytes of a text are its UTF-8. */
  writes(processId: string, bytes: string | Uint8Array, stream = "stdout", capReached = false): void {
    const deltaBase64 = Buffer.from(bytes as string).toString("base64")
    this.notifies("command/exec/outputDelta", { processId, stream, deltaBase64, capReached })
  }

  loses(reason = "gone"): void {
    this.#inbox!.lost(reason)
  }
}

/** A client that has shaken hands over a transport of its own, in the current Scope. */
export const connect = Effect.fnUntraced(function* (params: Params<"initialize"> = HELLO) {
  const server = new ScriptedTransport()
  const connecting = yield* Effect.forkChild(
    Effect.provide(AppServerClient.make(params), server.layer, { local: true }),
    { startImmediately: true }
  )
  server.answers(server.one(), SERVER)
  const client = yield* Fiber.join(connecting)
  assert.deepStrictEqual(server.taken(), [{ method: "initialized" }])
  return { client, server }
})
