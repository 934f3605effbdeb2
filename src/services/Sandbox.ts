/**
 * The port that turns a policy into a way to start the command, or refuses. It fails closed: what cannot be
 * enforced does not run.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SandboxPolicy } from "../rpc/SandboxPolicy.ts"
import { SandboxUnavailable } from "./CommandExecError.ts"

/** The values of `sandbox_mode` in the configuration. */
export type SandboxMode = "read-only" | "workspace-write" | "danger-full-access"

/** What a request says of its policy, over what the configuration says. */
export interface SandboxRequest {
  readonly policy: SandboxPolicy | undefined
  readonly profile: string | undefined
  readonly configured: SandboxMode
}

/** How to start the command. */
export interface Confinement {
  /** Variables that tell the command how it is confined. */
  readonly env: Readonly<Record<string, string>>
}

export class Sandbox extends Context.Service<
  Sandbox,
  { readonly confine: (request: SandboxRequest) => Effect.Effect<Confinement, SandboxUnavailable> }
>()("effect-app-server/Sandbox") {
  /** Starts only what needs no sandbox and refuses everything else. */
  static readonly layerNone: Layer.Layer<Sandbox> = Layer.succeed(Sandbox, {
    confine: (request) => {
      const { policy, profile, configured } = request
      if (policy?.type === "externalSandbox") {
        return Effect.succeed(policy.networkAccess === "enabled" ? unconfined : withoutNetwork)
      }
      const wanted = policy?.type ?? profile ?? configured
      return FULL_ACCESS.has(wanted)
        ? Effect.succeed(unconfined)
        : Effect.fail(new SandboxUnavailable({ policy: wanted, remedy: REMEDY }))
    }
  })
}

const FULL_ACCESS: ReadonlySet<string> = new Set([
  "dangerFullAccess",
  ":danger-full-access",
  "danger-full-access"
])
const unconfined: Confinement = { env: {} }
/** The variable by which commands of the original learn that they have no network. */
const withoutNetwork: Confinement = { env: { CODEX_SANDBOX_NETWORK_DISABLED: "1" } }
const REMEDY =
  'to run commands without a sandbox start the server with -c sandbox_mode=danger-full-access, or send sandboxPolicy {"type":"dangerFullAccess"}'
