/** One connection on which fuzzed and valid messages are mixed, and what must come back. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { Expected, Finding, nameIn, short } from "./expected.ts"
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

export type Heard = { readonly text: string } | { readonly end: string }

/** A client's end of a connection, whatever that runs over. */
export interface Peer {
  readonly send: (text: string) => void
  /** The next message of the server, or how it ended the connection. */
  readonly next: Effect.Effect<Heard>
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
