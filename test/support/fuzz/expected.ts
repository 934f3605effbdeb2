/** What has to come back on a connection, and whether what came is that. */
import * as Data from "effect/Data"
import * as Schema from "effect/Schema"
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
import type { Input } from "./requests.ts"

/** Something that a server must not do. */
export class Finding extends Data.TaggedError("Finding")<{ readonly message: string }> {}

export const short = (text: string, length = 400): string =>
  text.length <= length ? text : `${text.slice(0, length)}... (${text.length} characters)`

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
export const nameIn = ({ method, text }: Input): unknown => {
  const { params } = JSON.parse(text) as { readonly params?: Record<string, unknown> }
  return Array.isArray(params) ? params[1] : params?.[NAME_KEYS[method as "command/exec"]]
}

/** What is still to come on one connection. */
export class Expected {
  /** Told what came. */
  readonly #count: (what: string) => void
  /** Who waits for an answer, by the id as it is written there. */
  readonly answers = new Map<string, Array<Input>>()
  /** Handles of processes whose exit was not told yet. */
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
