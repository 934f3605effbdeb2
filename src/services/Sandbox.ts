/**
 * The port that turns rules into a way to start the command, or refuses. It fails closed: what cannot be enforced
 * does not run.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { SandboxUnavailable } from "./CommandExecError.ts"
import type { SpawnSpec } from "./ProcessSpawner.ts"
import type { SandboxRules } from "./SandboxRules.ts"

/** What is to run, where and with what. */
export interface Confinable {
  readonly argv: ReadonlyArray<string>
  /** Absolute. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly io: SpawnSpec["io"]
}

/** How to start the command. */
export interface Confinement extends Pick<SpawnSpec, "launcher" | "spare"> {
  /** The command's environment, with what tells it how it is confined. */
  readonly env: Readonly<Record<string, string>>
}

export class Sandbox extends Context.Service<
  Sandbox,
  {
    /** Prepares one start of a command. What was prepared goes with the Scope, after the command. */
    readonly confine: (
      rules: SandboxRules,
      command: Confinable
    ) => Effect.Effect<Confinement, SandboxUnavailable, Scope.Scope>
  }
>()("effect-app-server/Sandbox") {
  /** Starts only what needs no sandbox and refuses everything else, for the reason that is given. */
  static readonly layerNone = (problem: string = "it was composed without a sandbox"): Layer.Layer<Sandbox> =>
    Layer.succeed(Sandbox, {
      confine: (rules, { env }) =>
        rules._tag === "Unconfined"
          ? Effect.succeed({ env: environment(rules, env) })
          : Effect.fail(new SandboxUnavailable({ policy: rules.policy, problem }))
    })
}

/** The variable by which commands of the original learn that they have no network. */
const WITHOUT_NETWORK = { CODEX_SANDBOX_NETWORK_DISABLED: "1" }

/** The environment of a command under these rules. */
export const environment = (rules: SandboxRules, env: Confinable["env"]): Confinable["env"] =>
  rules.network ? env : { ...env, ...WITHOUT_NETWORK }
