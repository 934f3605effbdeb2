/** The environment that commands start from: the server's own, shaped by `[shell_environment_policy]`. */

/** What becomes of the server's environment; the steps run in the order of the members. */
export interface ShellEnvironmentPolicy {
  /** What to start with: the whole environment, the few variables in `CORE_VARIABLES`, or nothing. */
  readonly inherit: "all" | "core" | "none"
  /** False drops names with KEY, SECRET or TOKEN in them. */
  readonly ignoreDefaultExcludes: boolean
  /** Names to drop: patterns without regard to case, `*` for any text and `?` for one character. */
  readonly exclude: ReadonlyArray<string>
  /** Variables to add, or to replace. */
  readonly set: Readonly<Record<string, string>>
  /** Unless empty, the only names to keep, those from `set` included; patterns as in `exclude`. */
  readonly includeOnly: ReadonlyArray<string>
}

/** The policy of an empty configuration (measured on Codex 0.169.0): everything passes. */
export const defaultPolicy: ShellEnvironmentPolicy = {
  inherit: "all",
  ignoreDefaultExcludes: true,
  exclude: [],
  set: {},
  includeOnly: []
}

/** What `inherit = "core"` keeps (measured on Codex 0.169.0). */
export const CORE_VARIABLES: ReadonlySet<string> = new Set([
  "HOME",
  "LANG",
  "LC_ALL",
  "LC_CTYPE",
  "LOGNAME",
  "PATH",
  "SHELL",
  "TEMP",
  "TMP",
  "TMPDIR",
  "USER"
])

const DEFAULT_EXCLUDES = ["*KEY*", "*SECRET*", "*TOKEN*"]

const asRegExp = (pattern: string) => {
  const literal = pattern.toLowerCase().replace(/[\\^$.+()[\]{}|/]/g, "\\$&")
  return new RegExp(`^${literal.replace(/\*+/g, ".*").replaceAll("?", ".")}$`, "su")
}

/** Whether a name matches one of the patterns; brackets mean nothing special. */
export const matcher = (patterns: ReadonlyArray<string>): ((name: string) => boolean) => {
  const expressions = patterns.map(asRegExp)
  return (name) => {
    const lower = name.toLowerCase()
    return expressions.some((expression) => expression.test(lower))
  }
}

const isInherited: Record<ShellEnvironmentPolicy["inherit"], (name: string) => boolean> = {
  all: () => true,
  core: (name) => CORE_VARIABLES.has(name),
  none: () => false
}

/**
 * Shapes `env`, the server's environment. The result is an object of its own, in which any name is safe, even
 * `__proto__`.
 */
export const shellEnvironment = (
  policy: ShellEnvironmentPolicy,
  env: Readonly<Record<string, string | undefined>>
): Record<string, string> => {
  const inherits = isInherited[policy.inherit]
  const excludes = matcher(
    policy.ignoreDefaultExcludes ? policy.exclude : [...DEFAULT_EXCLUDES, ...policy.exclude]
  )
  const includes = policy.includeOnly.length === 0 ? () => true : matcher(policy.includeOnly)
  const variables = new Map<string, string>()
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && inherits(name) && !excludes(name)) variables.set(name, value)
  }
  for (const [name, value] of Object.entries(policy.set)) variables.set(name, value)
  // fromEntries defines members, where an assignment to `__proto__` would not
  return Object.fromEntries([...variables].filter(([name]) => includes(name)))
}
