/**
 * Params that mean something to the server they are sent to, and harm nobody: commands that end by themselves or
 * with their input, files below a directory of the test's own, keys that the configuration knows.
 */
import * as path from "node:path"
import type { Random } from "./random.ts"

/** The only programs that the PATH of the server has, with those that make a sandbox. */
export const PROGRAMS = ["true", "false", "echo", "cat"] as const
export const SANDBOX_PROGRAMS = ["bwrap", "setsid"] as const

/** Of the commands, these are to run; the others have random names. A process costs as much as ten messages. */
const RUNNING = 0.6
/** Of those, these are to run in a sandbox, which costs as much as ten processes. */
const SANDBOXED = 0.02

type Params = Record<string, unknown>

const COMMANDS: ReadonlyArray<ReadonlyArray<string>> = [
  ["true"],
  ["false"],
  ["echo", "x"],
  ["echo", "-n", "é\u0001\u001b[0m"],
  ["cat"],
  ["cat", "missing"],
  ["/nonexistent"],
  ["./true"],
  [""]
]

/** Few, so that requests often mean the same process. */
const NAMES = ["0", "é"]
const FILES = ["a", "b", "a/c", "directory", "directory/d", "missing/e", "a b\n"]
const KEYS = [
  ..."sandbox_mode model approval_policy projects features.a tools mcp_servers.a.command".split(" "),
  ..."sandbox_workspace_write.network_access shell_environment_policy.set.A notify profile a.b.c".split(" "),
  'projects."/x".trust_level',
  "model_providers.a.base_url"
]

const base64 = (random: Random) => random.bytes(random.length(1000)).toString("base64")

const runnable = (random: Random, cwd: string): Params => {
  const talks = random.chance(0.5)
  return {
    command: talks && random.chance(0.7) ? ["cat"] : [...random.pick(COMMANDS)],
    cwd,
    ...(talks && { tty: random.chance(0.2), streamStdin: true, streamStdoutStderr: random.chance(0.5) }),
    timeoutMs: random.pick([null, 5000, 5000, 30, 0])
  }
}

const sandboxPolicy = (random: Random): Params =>
  random.chance(SANDBOXED)
    ? random.pick([
        { sandboxPolicy: { type: "readOnly" } },
        { sandboxPolicy: { type: "workspaceWrite", networkAccess: true } },
        { permissionProfile: ":read-only" }
      ])
    : random.pick([{}, { sandboxPolicy: { type: "dangerFullAccess" } }])

const confined = (random: Random, value: unknown, directory: string): unknown => {
  if (typeof value === "string" && value.startsWith("/")) return path.join(directory, random.pick(FILES))
  if (typeof value !== "object" || value === null) return value
  for (const [key, item] of Object.entries(value)) {
    ;(value as Params)[key] = confined(random, item, directory)
  }
  return value
}

/** Random params, a copy of its own, made harmless and at times sensible. */
export const harmless = (random: Random, method: string, params: unknown, directory: string): unknown => {
  if (typeof params !== "object" || params === null) return params
  const given = params as Params
  const name = () => random.pick(NAMES)
  switch (method) {
    case "command/exec": {
      const { sandboxPolicy: _, ...rest } = given
      if (!random.chance(RUNNING)) return { ...rest, processId: name() }
      const command = { ...runnable(random, directory), ...sandboxPolicy(random) }
      // without input nobody needs to end it, so it may be nameless
      return "streamStdin" in command || random.chance(0.5) ? { ...command, processId: name() } : command
    }
    case "process/spawn": {
      const running = random.chance(RUNNING) ? runnable(random, directory) : {}
      return { ...given, ...running, processHandle: name() }
    }
    case "config/value/write":
    case "config/batchWrite": {
      const edits = "edits" in given ? (given["edits"] as ReadonlyArray<Params>) : [given]
      for (const edit of edits) if (random.chance(0.8)) edit["keyPath"] = random.pick(KEYS)
      if (random.chance(0.8)) delete given["expectedVersion"]
      if (random.chance(0.9)) delete given["filePath"]
      return given
    }
    default:
      if (method.startsWith("fs/")) confined(random, given, directory)
      for (const key of ["processId", "processHandle"]) {
        if (key in given && random.chance(0.9)) given[key] = name()
      }
      for (const key of ["deltaBase64", "dataBase64"]) {
        if (key in given && random.chance(0.7)) given[key] = base64(random)
      }
      return given
  }
}

/** Whether all that `text` names by an absolute path is below `directory`; what is no JSON names nothing. */
export const isConfined = (text: string, directory: string): boolean => {
  const isInside = (value: unknown): boolean =>
    typeof value === "string"
      ? !value.startsWith("/") || path.normalize(value).startsWith(`${directory}/`)
      : typeof value !== "object" || value === null || Object.values(value).every(isInside)
  try {
    return isInside(JSON.parse(text))
  } catch {
    return true
  }
}
