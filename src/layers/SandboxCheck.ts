/**
 * Tries the sandbox on this machine: each thing that it needs, whether that works, and if not, why and what to do.
 * The server asks once when it starts; `sandbox-check` shows the answers.
 */
import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { CommandExec } from "../services/CommandExec.ts"
import { fromCommandExecError } from "../services/WireErrors.ts"
import { Sandbox } from "../services/Sandbox.ts"
import { unconfined, type SandboxRules } from "../services/SandboxRules.ts"
import * as Bubblewrap from "./Bubblewrap.ts"
import * as ProgramLookup from "./ProgramLookup.ts"
import { isWithin } from "./RealPath.ts"
import * as SeccompFilter from "./SeccompFilter.ts"

export interface Finding {
  /** What was looked at, in a few words. */
  readonly subject: string
  /** What works, or what is wrong and what to do about it. */
  readonly result: Result.Result<string, { readonly problem: string; readonly remedy: string }>
}

const works = (subject: string, detail: string): Finding => ({ subject, result: Result.succeed(detail) })
const fails = (subject: string, problem: string, remedy: string): Finding => ({
  subject,
  result: Result.fail({ problem, remedy })
})

/** Packages by the names that they have nearly everywhere. */
const INSTALL = (name: string) =>
  `install it (apt-get install ${name}, dnf install ${name} or apk add ${name}) and start the server again`
const OUTSIDE =
  'let something around the server confine it, and send sandboxPolicy {"type":"externalSandbox"}'

const read = (file: string): string | undefined => {
  try {
    return fs.readFileSync(file, "utf8").trim()
  } catch {
    return undefined
  }
}

/** What keeps bubblewrap from making its namespaces, as far as the kernel tells. */
const namespaceRemedy = (): string => {
  if (read("/proc/sys/user/max_user_namespaces") === "0")
    return "run sysctl -w user.max_user_namespaces=10000"
  if (read("/proc/sys/kernel/unprivileged_userns_clone") === "0")
    return "run sysctl -w kernel.unprivileged_userns_clone=1"
  if (read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") === "1")
    return "allow bwrap user namespaces in AppArmor (apt-get install apparmor-profiles), or run sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
  return `in a container, allow it to make user namespaces (docker run --security-opt seccomp=unconfined --security-opt systempaths=unconfined), or ${OUTSIDE}`
}

/** PATH without the directories of a workspace: what commands may write must not be what confines the next ones. */
export const trustedPath = (): string => {
  const workspace = process.cwd()
  const isSystem = isWithin("/usr/bin", workspace)
  return (process.env["PATH"] ?? "")
    .split(":")
    .filter((directory) => isSystem || !isWithin(directory, workspace))
    .join(":")
}

const READ_ONLY: SandboxRules = { _tag: "Confined", policy: "readOnly", writableRoots: [], network: false }
const WITH_NETWORK: SandboxRules = { ...READ_ONLY, network: true }
const TERMINAL = { rows: 24, cols: 80 }
const TIME_LIMIT = "5 seconds"

/** Runs a command to its end; what it says, or why it does not work. */
const run = (
  argv: readonly [string, ...Array<string>],
  sandbox: SandboxRules,
  io: { readonly stdin: false } | typeof TERMINAL = { stdin: false }
) =>
  Effect.gen(function* () {
    const exec = yield* CommandExec
    const running = yield* exec.start({
      argv,
      cwd: "/",
      env: { PATH: process.env["PATH"] ?? "" },
      timeout: undefined,
      outputBytesCap: 4096,
      io,
      sandbox,
      owner: yield* exec.owner
    })
    const chunks = yield* Stream.runCollect(running.output)
    const output = Buffer.concat(chunks.map(({ bytes }) => bytes))
      .toString()
      .trim()
    const exitCode = yield* Effect.match(running.exit, {
      onFailure: () => undefined,
      onSuccess: ({ exitCode }) => exitCode
    })
    if (exitCode === 0) return Result.succeed(output)
    const problem = exitCode === undefined ? "it did not start the command" : `exit code ${exitCode}`
    return Result.fail(output || problem)
  }).pipe(
    Effect.scoped,
    Effect.timeoutOrElse({
      duration: TIME_LIMIT,
      orElse: () => Effect.succeed(Result.fail(`it did not end within ${TIME_LIMIT}`))
    }),
    Effect.catch((error) => Effect.succeed(Result.fail(fromCommandExecError(error).message)))
  )

const TRIALS = [
  ["commands that can only read", READ_ONLY, { stdin: false }],
  ["commands with a network", WITH_NETWORK, { stdin: false }],
  ["commands on terminals", READ_ONLY, TERMINAL]
] as const

/**
 * Everything that was found, and the sandbox if all of it works. Stops at what the rest depends on.
 *
 * @param further paths that no command may write
 */
export const check = Effect.fnUntraced(function* (further: ReadonlyArray<string> = []) {
  const findings: Array<Finding> = []
  const missing = (finding: Finding) => ({ findings: [...findings, finding], sandbox: undefined })
  if (process.platform !== "linux") {
    return missing(fails("system", `there is no sandbox for ${process.platform} yet`, OUTSIDE))
  }
  if (SeccompFilter.build(process.arch, { network: false }) === undefined) {
    return missing(fails("system", `there is no seccomp filter for ${process.arch}`, OUTSIDE))
  }
  findings.push(works("system", `${process.platform} ${process.arch}`))

  const searchPath = trustedPath()
  const bwrap = ProgramLookup.find("bwrap", searchPath)
  if (bwrap === undefined) {
    return missing(fails("bubblewrap", "bwrap is not in PATH", INSTALL("bubblewrap")))
  }
  const setsid = ProgramLookup.find("setsid", searchPath)
  if (setsid === undefined) return missing(fails("setsid", "setsid is not in PATH", INSTALL("util-linux")))

  const sandbox = Bubblewrap.make({ bwrap, setsid }, further)
  const exec = yield* Effect.provideService(CommandExec.make, Sandbox, sandbox)
  return yield* Effect.gen(function* () {
    const version = yield* run([bwrap, "--version"], unconfined)
    if (Result.isFailure(version)) {
      return missing(fails("bubblewrap", `${bwrap}: ${version.failure}`, INSTALL("bubblewrap")))
    }
    findings.push(works("bubblewrap", `${version.success} (${bwrap})`))
    const namespaces = yield* run(
      [
        bwrap,
        "--ro-bind",
        "/",
        "/",
        "--unshare-user",
        "--unshare-pid",
        "--unshare-net",
        "--",
        "sh",
        "-c",
        ":"
      ],
      unconfined
    )
    if (Result.isFailure(namespaces)) {
      return missing(fails("namespaces", namespaces.failure, namespaceRemedy()))
    }
    findings.push(works("namespaces", "user, process and network namespaces can be made"))
    for (const [subject, rules, io] of TRIALS) {
      const trial = yield* run(["sh", "-c", "echo ok"], rules, io)
      if (Result.isFailure(trial)) return missing(fails(subject, trial.failure, namespaceRemedy()))
      findings.push(works(subject, "work"))
    }
    return { findings, sandbox }
  }).pipe(Effect.provideService(CommandExec, exec))
})

/** Why there is no sandbox, in one line. */
export const problemOf = (findings: ReadonlyArray<Finding>): string =>
  findings
    .flatMap(({ result, subject }) =>
      Result.isFailure(result) ? [`${subject}: ${result.failure.problem}; ${result.failure.remedy}`] : []
    )
    .join("; ")
