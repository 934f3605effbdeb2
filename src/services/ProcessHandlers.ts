/** `process/*` is known but not served yet. */
import * as Effect from "effect/Effect"
import { ProcessRpcs } from "../rpc/Process.ts"
import { invalidRequest } from "../rpc/WireError.ts"
import { ConnectionReady } from "./ServedRpcs.ts"

const notServed = (method: string) => () => Effect.fail(invalidRequest(`${method} is not served yet`))

export const layer = ProcessRpcs.middleware(ConnectionReady).toLayer({
  "process/spawn": notServed("process/spawn"),
  "process/writeStdin": notServed("process/writeStdin"),
  "process/resizePty": notServed("process/resizePty"),
  "process/kill": notServed("process/kill")
})
