/** Every way into the server, for suites that must hold on all of them. */
import * as Effect from "effect/Effect"
import { dial, startServer, type TestServerOptions } from "./harness.ts"

export interface Transport {
  readonly name: "ws" | "unix" | "stdio"
  readonly listen: string
  /** Signals that end a server with exit code 0; the others among TERM, INT and HUP kill it. */
  readonly normalStops: ReadonlySet<NodeJS.Signals>
  /** What a client sees when the server stops: a close code, 1005 where there are none. */
  readonly closeCode: number
}

const ALL: ReadonlySet<NodeJS.Signals> = new Set(["SIGTERM", "SIGINT", "SIGHUP"])

export const TRANSPORTS: ReadonlyArray<Transport> = [
  { name: "ws", listen: "ws://127.0.0.1:0", normalStops: ALL, closeCode: 1001 },
  { name: "unix", listen: "unix://server.sock", normalStops: ALL, closeCode: 1001 },
  { name: "stdio", listen: "stdio://", normalStops: new Set(["SIGTERM"]), closeCode: 1005 }
]

/** A server of one's own and a client, which has not shaken hands. */
export const encounter = Effect.fnUntraced(function* (
  { listen }: Transport,
  options: TestServerOptions = {}
) {
  const server = yield* startServer({ ...options, listen })
  return { server, client: yield* dial(server) }
})

/** The same, and it has. */
export const talk = Effect.fnUntraced(function* (...parameters: Parameters<typeof encounter>) {
  const both = yield* encounter(...parameters)
  yield* both.client.initialize()
  return both
})
