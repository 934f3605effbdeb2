/** The sandbox of this machine. Whether it works is found out once, behind the start of the server. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SandboxUnavailable } from "../services/CommandExecError.ts"
import { HostInfo } from "../services/HostInfo.ts"
import type { ProcessSpawner } from "../services/ProcessSpawner.ts"
import { Sandbox, environment } from "../services/Sandbox.ts"
import * as Prepared from "./Prepared.ts"
import * as ProgramLookup from "./ProgramLookup.ts"
import * as SandboxCheck from "./SandboxCheck.ts"
import * as SpareSandboxes from "./SpareSandboxes.ts"

/** What was found, and the sandbox with its spares. */
const prepare = Effect.fnUntraced(function* (codexHome: string) {
  const { findings, sandbox } = yield* SandboxCheck.check([codexHome])
  if (sandbox === undefined) return { findings, sandbox }
  const dash = ProgramLookup.find("dash", SandboxCheck.trustedPath())
  return { findings, sandbox: yield* SpareSandboxes.make(sandbox, dash) }
})

/** Refuses what it cannot enforce, with what is missing and how to get it. */
export const layer: Layer.Layer<Sandbox, never, ProcessSpawner | HostInfo> = Layer.effect(
  Sandbox,
  Effect.gen(function* () {
    const { codexHome } = yield* HostInfo
    // the configuration says how far the commands of the next server are confined
    const checked = yield* Prepared.once(
      Effect.tap(prepare(codexHome), ({ findings, sandbox }) =>
        sandbox === undefined
          ? Effect.logWarning(`no sandbox: ${SandboxCheck.problemOf(findings)}`)
          : Effect.void
      )
    )
    yield* Prepared.later(checked)
    return {
      confine: (rules, command) =>
        rules._tag === "Unconfined"
          ? Effect.succeed({ env: environment(rules, command.env) })
          : Effect.flatMap(checked, ({ findings, sandbox }) =>
              sandbox === undefined
                ? Effect.fail(
                    new SandboxUnavailable({
                      policy: rules.policy,
                      problem: SandboxCheck.problemOf(findings)
                    })
                  )
                : sandbox.confine(rules, command)
            )
    }
  })
)
