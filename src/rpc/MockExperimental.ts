/** `mock/experimentalMethod`: the protocol's echo, with which clients test the experimental gate. */
import * as Schema from "effect/Schema"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import { nullable, optionalNullable } from "./Primitives.ts"
import { WireError } from "./WireError.ts"
import { Experimental } from "./Experimental.ts"

export const MockExperimentalMethodParams = Schema.Struct({
  value: optionalNullable(Schema.String).annotateKey({ description: "Any text." })
}).annotate({ identifier: "MockExperimentalMethodParams" })

export const MockExperimentalMethodResponse = Schema.Struct({
  echoed: nullable(Schema.String).annotateKey({ description: "The same text, null if there was none." })
}).annotate({ identifier: "MockExperimentalMethodResponse" })

export class MockRpcs extends RpcGroup.make(
  Rpc.make("mock/experimentalMethod", {
    payload: MockExperimentalMethodParams,
    success: MockExperimentalMethodResponse,
    error: WireError
  }).annotate(Experimental, true)
) {}
