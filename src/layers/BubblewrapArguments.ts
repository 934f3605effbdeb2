/** The words for `bwrap(1)` that give a command its view of the machine. */
import type { Plan } from "./WritableRoots.ts"

export interface Confined {
  readonly plan: Plan
  readonly network: boolean
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** Descriptors of bwrap: the seccomp program, and where it says what became of the command. */
  readonly filter: number
  readonly status: number
  /** Whether commands run as root, to whom more than capabilities gives power. */
  readonly root: boolean
}

/** Parents before what is in them, so that the mount further down counts. */
const byDepth = (one: readonly [string, ...Array<unknown>], other: readonly [string, ...Array<unknown>]) =>
  one[0].length - other[0].length

const bind = (file: string) => [file, "--bind", file, file] as const
const readOnly = (file: string) => [file, "--ro-bind", file, file] as const
const empty = (file: string) => [file, "--perms", "0555", "--tmpfs", file, "--remount-ro", file] as const

/** Variables one by one. What is no name for `setenv(3)` is read as a program would read it from `environ(7)`. */
const variables = (env: Confined["env"]): ReadonlyArray<string> =>
  Object.entries(env).flatMap(([name, value]) => {
    const text = `${name}=${value}`
    const equals = text.indexOf("=")
    return equals > 0 ? ["--setenv", text.slice(0, equals), text.slice(equals + 1)] : []
  })

/** Options as `--args` takes them. What cannot be written so is left to the spawner, which refuses it, too. */
export const bytesOf = (options: ReadonlyArray<string>): Uint8Array => {
  const isWhole = options.every((option) => !option.includes("\0"))
  return Buffer.from(isWhole ? `${options.join("\0")}\0` : "--none\0")
}

/** All options. */
export const optionsOf = ({
  cwd,
  env,
  filter,
  network,
  plan,
  root,
  status
}: Confined): ReadonlyArray<string> => {
  const all = plan.roots.includes("/")
  const mounts = [
    ...plan.roots.filter((root) => root !== "/").map(bind),
    ...plan.pins.map(bind),
    ...plan.readOnly.map(readOnly),
    ...plan.masks.map(empty)
  ].sort(byDepth)
  return [
    "--die-with-parent",
    all ? "--bind" : "--ro-bind",
    "/",
    "/",
    "--dev",
    "/dev",
    ...mounts.flatMap(([, ...words]) => words),
    ...(plan.roots.some((top) => top === "/" || /^\/sys($|\/)/.test(top))
      ? ["--ro-bind", "/sys", "/sys"]
      : []),
    "--unshare-user",
    "--unshare-pid",
    "--unshare-ipc",
    ...(network ? [] : ["--unshare-net"]),
    "--proc",
    "/proc",
    // the kernel's switches ask for root, not for a capability
    ...(root ? ["--ro-bind", "/proc/sys", "/proc/sys"] : []),
    "--cap-drop",
    "ALL",
    "--chdir",
    cwd,
    "--seccomp",
    String(filter),
    "--json-status-fd",
    String(status),
    "--clearenv",
    ...variables(env)
  ]
}
