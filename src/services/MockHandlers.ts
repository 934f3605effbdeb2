/** The protocol's echo. */
import * as Effect from "effect/Effect"
import { MockRpcs } from "../rpc/MockExperimental.ts"
import { ConnectionReady } from "./ServedRpcs.ts"

export const layer = MockRpcs.middleware(ConnectionReady).toLayer({
  "mock/experimentalMethod": ({ value }) => Effect.succeed({ echoed: value ?? null })
})
