/**
 * What a server counts, where somebody asked for it: without a layer nothing is counted, and that costs nothing. What
 * `layer` counts goes to the `Metric`s of Effect, so that every exporter of Effect sees it.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { CommandExecOutputStream } from "../rpc/CommandExec.ts"
import type { WireError } from "../rpc/WireError.ts"

/** What a command talks through. */
export type ProcessKind = "pipe" | "terminal"

/** Told of everything as it happens. Methods are names of the contract or {@link OTHER_METHOD}, so there are few. */
export interface Metrics {
  readonly connected: () => void
  readonly disconnected: () => void
  /** Bytes of a message of a client. */
  readonly received: (bytes: number) => void
  /** Bytes of a message to a client. */
  readonly sent: (bytes: number) => void
  readonly requested: (method: string) => void
  /** A request begins to wait, or has done its preparation: its place in the queue is free. */
  readonly waits: () => void
  readonly waited: () => void
  /** A request is over; `code` is that of its error. */
  readonly answered: (method: string, seconds: number, code: WireError["code"] | undefined) => void
  readonly started: (kind: ProcessKind) => void
  readonly ended: (kind: ProcessKind) => void
  /** Bytes that a command wrote, as far as they were kept. */
  readonly output: (stream: CommandExecOutputStream, bytes: number) => void
}

/** What stands for every method that nobody knows: whatever clients send, there is one of it. */
export const OTHER_METHOD = "_OTHER"

/** Who counts; by default nobody. */
export const Metrics = Context.Reference<Metrics | undefined>("effect-app-server/Metrics", {
  defaultValue: () => undefined
})

/** Counts in the `MetricRegistry` that is there. All servers of a registry count together. */
export const layer: Layer.Layer<never> = Layer.effect(
  Metrics,
  Effect.flatMap(
    Effect.promise(() => import("./EffectMetrics.ts")),
    ({ make }) => make
  )
)
