/** `sandbox-check`: what works of the sandbox on this machine, what does not, why, and what to do. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as NodeProcessSpawner from "../NodeProcessSpawner.ts"
import * as SandboxCheck from "../SandboxCheck.ts"

const line = ({ result, subject }: SandboxCheck.Finding): string =>
  Result.isSuccess(result)
    ? `ok      ${subject}: ${result.success}\n`
    : `FAILED  ${subject}: ${result.failure.problem}\n        to do: ${result.failure.remedy}\n`

/** A line for each thing that was looked at, and whether commands can be confined here. */
export const report = (findings: ReadonlyArray<SandboxCheck.Finding>): string => {
  const works = findings.every(({ result }) => Result.isSuccess(result))
  const verdict = works
    ? "Commands can be sandboxed on this machine.\n"
    : "Commands cannot be sandboxed on this machine: the server refuses those that should be.\n"
  return findings.map(line).join("") + verdict
}

/** Gives the report and the exit code, which is 0 only if all works. */
export const sandboxCheck = SandboxCheck.check().pipe(
  Effect.map(({ findings, sandbox }) => ({ text: report(findings), code: sandbox === undefined ? 1 : 0 })),
  Effect.scoped,
  Effect.provide(NodeProcessSpawner.layer)
)
