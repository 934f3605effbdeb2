/** Conversations as the documents show them, one message after the other, held with a real server. */
import * as fs from "node:fs"
import * as path from "node:path"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { AppServerRpcs, ServerNotifications } from "../../../src/rpc/AppServerRpcs.ts"
import { WireError } from "../../../src/rpc/WireError.ts"
import { connect, startServer, type Message } from "../harness.ts"
import { mask } from "./masks.ts"

/** Where the files of the documents are. */
const SRV = /\/srv\b/g

/** The messages, which stand one behind the other, over one line or several. */
export const messagesOf = (text: string): ReadonlyArray<Message> => {
  const messages: Array<Message> = []
  let begun = ""
  for (const line of text.split("\n")) {
    begun += line
    if (begun.trim() === "") continue
    try {
      messages.push(JSON.parse(begun))
      begun = ""
    } catch {
      begun += "\n" // it goes on
    }
  }
  assert.strictEqual(begun.trim(), "", "no JSON")
  return messages
}

const decode = (schema: Schema.Top, value: unknown) =>
  Effect.orDie(Schema.decodeUnknownEffect(schema as Schema.Codec<unknown>)(value))

const rpcOf = (method: string) => {
  const rpc = AppServerRpcs.requests.get(method as never) as
    { readonly payloadSchema: Schema.Top; readonly successSchema: Schema.Top } | undefined
  assert.isDefined(rpc, `there is no method ${method}`)
  return rpc
}

/** The order of members means nothing. */
const sorted = (_key: string, value: unknown) =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
    : value

/** Without what differs from run to run. */
const comparable = (message: Message): string => mask(JSON.stringify(message, sorted))

/** Whether it is one that a client sends and that is answered. */
const isRequest = ({ id, method }: Message): boolean => id !== undefined && method !== undefined

/** Fails unless the message is one of the contract. */
const check = Effect.fnUntraced(function* ({ error, id, method, params, result }: Message, asked: Asked) {
  if (method !== undefined && id !== undefined) return yield* decode(rpcOf(method).payloadSchema, params)
  if (error !== undefined) return yield* decode(WireError, error)
  if (method === undefined) return yield* decode(rpcOf(asked.get(id!)!).successSchema, result)
  const schema = ServerNotifications[method as keyof typeof ServerNotifications]
  assert.isDefined(schema, `there is no notification ${method}`)
  return yield* decode(schema, params)
})
/** The methods of requests, by id. */
type Asked = ReadonlyMap<string | number, string>

/**
 * Sends what a client sends, and compares what comes with what is shown; what is shown without a request between may
 * come in another order. Shakes hands first, if that is not shown.
 */
export const hold = Effect.fnUntraced(function* (text: string) {
  const { cwd, url } = yield* startServer()
  const srv = path.join(cwd, "srv")
  fs.mkdirSync(path.join(srv, "app"), { recursive: true })
  const client = yield* connect(url)
  const messages = messagesOf(text.replace(SRV, srv))
  const asked = new Map(messages.filter(isRequest).map(({ id, method }) => [id!, method!]))
  for (const message of messages) yield* check(message, asked)

  if (![...asked.values()].includes("initialize")) yield* client.initialize()
  let shown: Array<string> = []
  const compare = Effect.suspend(() => Effect.forEach(shown, () => client.next)).pipe(
    Effect.map((came) => {
      assert.deepStrictEqual(came.map(comparable).sort(), shown.sort())
      shown = []
    })
  )
  for (const message of messages) {
    if (!isRequest(message)) {
      shown.push(comparable(message))
      continue
    }
    yield* compare
    yield* client.send(message)
  }
  yield* compare
  yield* client.silence
})
