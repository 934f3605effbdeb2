/** One connection on which fuzzed and valid messages are mixed, and what must come back. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as Rpc from "effect/rpc/Rpc"
import { AppServerRpcs, ServerNotifications } from "../../../src/rpc/AppServerRpcs.ts"
import * as LosslessJson from "../../../src/rpc/LosslessJson.ts"
import {
  INTERNAL_ERROR,
  INVALID_PARAMS,
  INVALID_REQUEST,
  OVERLOADED,
  WireError
} from "../../../src/rpc/WireError.ts"
import { makeText } from "./noise.ts"
import type { Random } from "./random.ts"
import { makeRequest, somethingOf, type Input, type Instances } from "./requests.ts"

/** More than any answer takes on a busy machine: commands are over after 10 s at the latest. */
const ANSWER_MS = 30_000
/** Between two valid requests. */
const STRETCH = 10
/** Of the inputs, these are made from the contract; the others are random text. */
const STRUCTURED = 0.8
/** Of the connections, these end with all that runs on them. */
const ABANDONED = 0.1

/** Something that a server must not do. */
export class Finding extends Data.TaggedError("Finding")<{ readonly message: string }> {}

export const short = (text: string, length = 400): string =>
  text.length <= length ? text : `${text.slice(0, length)}... (${text.length} characters)`

export type Heard = { readonly text: string } | { readonly end: string }

/** A client's end of a connection, whatever that runs over. */
export interface Peer {
  readonly send: (text: string) => void
  /** The next message of the server, or how it ended the connection. */
  readonly next: Effect.Effect<Heard>
}

const CODES: ReadonlySet<number> = new Set([INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, OVERLOADED])

const isError = Schema.is(WireError)
const results = new Map(
  [...(AppServerRpcs.requests as ReadonlyMap<string, Rpc.AnyWithProps>)].map(([method, rpc]) => [
    method,
    Schema.decodeUnknownExit(rpc.successSchema as unknown as Schema.Codec<unknown>)
  ])
)
const notifications = new Map(
  Object.entries(ServerNotifications).map(([method, schema]) => [
    method,
    Schema.decodeUnknownExit(schema as Schema.Codec<unknown>)
  ])
)

const ID = String.raw`(-?\d+|"(?:[^"\\]|\\.)*")`
const RESULT = new RegExp(String.raw`^\{"id":${ID},"result":`)
const ERROR = new RegExp(String.raw`,"id":${ID}\}$`)

const NAME_KEYS = { "command/exec": "processId", "process/spawn": "processHandle" } as const

/** What a request started, by its name; params may be given by position. */
const nameIn = ({ method, text }: Input): unknown => {
  const { params } = JSON.parse(text) as { readonly params?: Record<string, unknown> }
  return Array.isArray(params) ? params[1] : params?.[NAME_KEYS[method as "command/exec"]]
}

/** What is still to come. */
class Expected {
  /** Told what came. */
  readonly #count: (what: string) => void
  readonly answers = new Map<string, Array<Input>>()
  readonly running = new Set<string>()

  constructor(count: (what: string) => void) {
    this.#count = count
  }

  add(input: Input): void {
    if (input.id === undefined) return
    const same = this.answers.get(input.id)
    if (same === undefined) this.answers.set(input.id, [input])
    else same.push(input)
  }

  /** Throws where this must not come. */
  hear(text: string): void {
    const json = LosslessJson.parse(text, new Set(["id", "method", "params", "result", "error"]))
    if (json._tag === "Failure") throw new Error(`${json.reason}: ${short(text)}`)
    const message = json.value as Record<string, unknown>
    if (message["method"] === undefined) this.#hearAnswer(text, message)
    else this.#hearNotification(text, message)
  }

  #hearNotification(text: string, { emittedAtMs, id, method, params }: Record<string, unknown>): void {
    const decode = notifications.get(method as string)
    if (id !== undefined || !Number.isInteger(emittedAtMs) || decode?.(params)._tag !== "Success") {
      throw new Error(`no notification of the contract: ${short(text)}`)
    }
    this.#count(method as string)
    const { processHandle } = params as { readonly processHandle: string }
    if (method === "process/exited" && !this.running.delete(processHandle)) {
      throw new Error(`nothing ran that could exit: ${short(text)}`)
    }
  }

  #hearAnswer(text: string, message: Record<string, unknown>): void {
    const isResult = "result" in message
    const id = (isResult ? RESULT : ERROR).exec(text)?.[1]
    const candidates = this.answers.get(id!)
    if (candidates === undefined) throw new Error(`an answer that nobody waits for: ${short(text)}`)
    const problems = candidates.map((input) =>
      isResult ? judgeResult(input, message["result"]) : judgeError(input, message)
    )
    const fitting = Math.max(0, problems.indexOf(undefined))
    const [input] = candidates.splice(fitting, 1)
    if (candidates.length === 0) this.answers.delete(id!)
    if (problems[fitting] !== undefined) {
      throw new Error(`${problems[fitting]}: ${short(text)} to ${short(input!.text, 4000)}`)
    }
    this.#count(isResult ? `${input!.method} succeeded` : `error ${(message["error"] as WireError).code}`)
    if (isResult && input!.method === "process/spawn") this.running.add(nameIn(input!) as string)
  }
}

const judgeResult = ({ method }: Input, result: unknown): string | undefined =>
  results.get(method!)?.(result)._tag === "Success" ? undefined : "no result of the contract"

const judgeError = ({ isProbe, isValid }: Input, { error, id }: Record<string, unknown>) => {
  if (isProbe === true) return "a valid request is refused"
  if (id === undefined || !isError(WireError.make(error as WireError))) return "no answer of the contract"
  const { code, message } = error as WireError
  if (!CODES.has(Number(code))) return "an unknown code"
  if (message === "" || message.startsWith("internal error;")) return "a defect"
  return isValid === true && message.startsWith("Invalid request: ")
    ? "params of the contract are refused"
    : undefined
}

const CLIENT = { clientInfo: { name: "fuzz", version: "1" } }

/** How far the handshake goes, what may be used then, and what every server has to answer then. */
const HANDSHAKES = [
  { at: 0, capabilities: { experimentalApi: true }, probe: ["mock/experimentalMethod", {}] },
  {
    at: 0,
    capabilities: { experimentalApi: true, extensions: { "effect-app-server/exec": {} } },
    probe: ["mock/experimentalMethod", { value: "é" }]
  },
  { at: 0, capabilities: null, probe: ["configRequirements/read", undefined] },
  { at: 0.5, capabilities: { experimentalApi: true }, probe: undefined },
  { at: 1, capabilities: null, probe: undefined }
] as const
/** On a connection that has shaken hands. */
const DONE = { at: Infinity, capabilities: null, probe: ["mock/experimentalMethod", {}] } as const

/** Sends so many inputs, and waits for all that has to come back. */
export const converse = Effect.fnUntraced(function* (
  connect: Effect.Effect<Peer, Finding, Scope.Scope>,
  options: {
    readonly random: Random
    readonly instances: Instances
    readonly inputs: number
    readonly directory: string
    /** The connection is not for this alone, has shaken hands, and takes a line for a message. */
    readonly isStdio: boolean
    readonly count: (what: string) => void
  }
) {
  const { count, directory, inputs, instances, isStdio, random } = options
  const peer = yield* connect
  const expected = new Expected(count)
  let ended: string | undefined
  let failure: string | undefined
  let wake = () => {}
  const hear = (heard: Heard) => {
    if ("end" in heard) ended = heard.end
    else {
      try {
        expected.hear(heard.text)
      } catch (error) {
        failure ??= (error as Error).message
      }
    }
    wake()
    return "end" in heard
  }
  yield* Effect.forkScoped(Effect.repeat(Effect.map(peer.next, hear), { until: (isEnd) => isEnd }))

  const send = (input: Input) => {
    expected.add(input)
    peer.send(input.text)
  }
  const fail = (message: string) => Effect.fail(new Finding({ message }))
  const pending = () => [...expected.answers.values()].flat()
  /** Until all is answered, and nothing runs. */
  const settled = Effect.callback<void, Finding>((resume) => {
    wake = () => {
      if (failure !== undefined) resume(fail(failure))
      else if (ended !== undefined) resume(fail(`ended with ${ended}: ${described()}`))
      else if (expected.answers.size === 0 && expected.running.size === 0) resume(Effect.void)
    }
    wake()
  }).pipe(
    Effect.timeoutOrElse({
      duration: ANSWER_MS,
      orElse: () => Effect.suspend(() => fail(`after ${ANSWER_MS} ms: ${described()}`))
    })
  )
  const described = () =>
    [
      ...pending().map(({ text }) => `not answered: ${short(text, 4000)}`),
      ...[...expected.running].map((handle) => `still running: ${handle}`)
    ].join("\n")

  const methods = somethingOf(random, instances)
  const { at, capabilities, probe } = isStdio ? DONE : random.pick(HANDSHAKES)
  let probes = 0
  const ask = (method: string, params: unknown, isProbe: boolean) => {
    const id = `probe ${++probes}`
    send({ text: JSON.stringify({ id, method, params }), id: JSON.stringify(id), method, isProbe })
  }

  const handshake = Math.floor(at * inputs)
  for (let n = 0; n < inputs; n++) {
    if (n === handshake) {
      ask("initialize", { ...CLIENT, capabilities }, at === 0)
      if (at === 0) yield* settled
    }
    const isStructured = random.chance(STRUCTURED)
    count(isStructured ? "sent: of the contract" : "sent: text")
    send(
      isStructured
        ? makeRequest(random, methods, n, { directory, oneLine: isStdio })
        : makeText(random, instances, n, isStdio)
    )
    if (n % STRETCH === 0 && probe !== undefined) ask(probe[0], probe[1], true)
  }
  if (!isStdio && random.chance(ABANDONED)) return
  const named = (method: string) =>
    pending().flatMap((input) => (input.method === method ? [nameIn(input)] : []))
  for (const processId of new Set(named("command/exec"))) {
    if (typeof processId === "string") ask("command/exec/terminate", { processId }, false)
  }
  for (const processHandle of new Set([...named("process/spawn"), ...expected.running])) {
    ask("process/kill", { processHandle }, false)
  }
  yield* settled
  // whatever is answered twice has been by now
  ask(...((probe ?? ["initialize", { ...CLIENT, capabilities }]) as [string, unknown]), probe !== undefined)
  yield* settled
})
