/**
 * Starts programs through `posix_spawn(3)`. Node forks, which copies the page tables of the whole server for each
 * command; this borrows them until the program runs, so the cost does not grow with the server, and the system's
 * error comes back at once.
 */

import * as StringArray from "./StringArray.ts"

/** A call of libc, as koffi binds it. */
export type Call = (...args: ReadonlyArray<unknown>) => number
export interface Library {
  readonly func: (declaration: string) => Call
}

export interface Program {
  /** Its path, absolute or from `cwd`. */
  readonly file: string
  readonly argv: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** What it has as descriptors 0, 1 and so on; `ignore` is `/dev/null`. */
  readonly descriptors: ReadonlyArray<number | "ignore">
  /** The path of a terminal that it controls, and has as descriptors 0, 1 and 2. */
  readonly terminal?: string
}

/** Starts the leader of a new session, with every signal as a new program has it; gives its pid, or an errno. */
export type Spawn = (program: Program) => { readonly pid: number } | { readonly errno: number }

/** From `spawn.h`; the same in glibc and musl. */
const POSIX_SPAWN_SETSIGDEF = 0x04
const POSIX_SPAWN_SETSIGMASK = 0x08
const POSIX_SPAWN_SETSID = 0x80
const O_RDONLY = 0
const O_RDWR = 2
/** More than any libc takes for its opaque structures (336 bytes in glibc 2.36). */
const STRUCTURE_BYTES = 1024
/** `sigset_t` of glibc and musl. */
const SIGNAL_SET_BYTES = 128

/** Binds the calls; throws where this libc lacks one (glibc before 2.29). */
export const bind = (libc: Library, addressOf: StringArray.AddressOf): Spawn => {
  const spawn = libc.func(
    "int posix_spawn(_Out_ int *, const char *, const void *, const void *, const void *, const void *)"
  )
  const initActions = libc.func("int posix_spawn_file_actions_init(void *)")
  const destroyActions = libc.func("int posix_spawn_file_actions_destroy(void *)")
  const addDup2 = libc.func("int posix_spawn_file_actions_adddup2(void *, int, int)")
  const addOpen = libc.func(
    "int posix_spawn_file_actions_addopen(void *, int, const char *, int, unsigned int)"
  )
  const addChdir = libc.func("int posix_spawn_file_actions_addchdir_np(void *, const char *)")
  const attributes = spawnAttributes(libc)
  const actions = Buffer.alloc(STRUCTURE_BYTES)
  const pid = new Int32Array(1)
  /** Most commands share one environment. */
  const environments = new WeakMap<Program["env"], Buffer>()
  const environment = (env: Program["env"]): Buffer => {
    const known = environments.get(env)
    if (known !== undefined) return known
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
    const block = StringArray.make(variables, addressOf)
    environments.set(env, block)
    return block
  }

  return ({ argv, cwd, descriptors, env, file, terminal }) => {
    const words = StringArray.make(argv, addressOf)
    initActions(actions)
    try {
      descriptors.forEach((fd, i) => {
        if (fd === "ignore") addOpen(actions, i, "/dev/null", O_RDONLY, 0)
        else addDup2(actions, fd, i)
      })
      if (terminal !== undefined) {
        // the first terminal that the leader of a session opens is the one that it controls
        addOpen(actions, 0, terminal, O_RDWR, 0)
        addDup2(actions, 0, 1)
        addDup2(actions, 0, 2)
      }
      addChdir(actions, cwd)
      const errno = spawn(pid, file, actions, attributes, words, environment(env))
      return errno === 0 ? { pid: pid[0]! } : { errno }
    } finally {
      destroyActions(actions)
    }
  }
}

const spawnAttributes = (libc: Library): Buffer => {
  const attributes = Buffer.alloc(STRUCTURE_BYTES)
  const all = Buffer.alloc(SIGNAL_SET_BYTES)
  const none = Buffer.alloc(SIGNAL_SET_BYTES)
  libc.func("int sigfillset(void *)")(all)
  libc.func("int sigemptyset(void *)")(none)
  libc.func("int posix_spawnattr_init(void *)")(attributes)
  libc.func("int posix_spawnattr_setsigdefault(void *, const void *)")(attributes, all)
  libc.func("int posix_spawnattr_setsigmask(void *, const void *)")(attributes, none)
  libc.func("int posix_spawnattr_setflags(void *, short)")(
    attributes,
    POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID
  )
  return attributes
}
