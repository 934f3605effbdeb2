/**
 * Where a program is, and whether it would start, and if not, why: what `execvp(3)` finds out too late for a
 * terminal, where the failure would come as output, or hides, as a script without `#!` that it hands to a shell.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import type { SpawnSpec } from "../services/ProcessSpawner.ts"

/** Where programs are looked up when PATH is not set: `confstr(_CS_PATH)` of glibc. */
const DEFAULT_PATH = "/bin:/usr/bin"

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "EIO"

/** The file to start, as `execvp(3)` would name it; only the search costs looks, for the start tells all else. */
export const locate = ({
  argv: [program],
  cwd,
  env
}: SpawnSpec): { readonly file: string } | { readonly code: string } =>
  program.includes("/") ? { file: program } : search(program, cwd, env, checkAccess)

/** As `locate`, or the error code that starting it would give. */
export const lookUp = ({
  argv,
  cwd,
  env
}: SpawnSpec): { readonly file: string } | { readonly code: string } => {
  const [program] = argv
  try {
    if (!fs.statSync(cwd).isDirectory()) return { code: "ENOTDIR" }
  } catch (error) {
    return { code: codeOf(error) }
  }
  if (program.includes("/")) {
    const code = checkFile(path.resolve(cwd, program))
    return code === undefined ? { file: program } : { code }
  }
  return search(program, cwd, env, checkFile)
}

const search = (
  program: string,
  cwd: string,
  env: SpawnSpec["env"],
  check: (file: string) => string | undefined
): { readonly file: string } | { readonly code: string } => {
  let refused = "ENOENT"
  for (const directory of (env["PATH"] ?? DEFAULT_PATH).split(":")) {
    const code = check(path.resolve(cwd, directory, program))
    if (code === undefined) return { file: directory === "" ? program : `${directory}/${program}` }
    if (code === "ENOEXEC") return { code }
    if (code === "EACCES") refused = code
  }
  return { code: refused }
}

const checkFile = (file: string): string | undefined => checkAccess(file) ?? checkFormat(file)

const checkAccess = (file: string): string | undefined => {
  try {
    // most directories of PATH do not have it, and an exception costs more than the look
    const stat = fs.statSync(file, { throwIfNoEntry: false })
    if (stat === undefined) return "ENOENT"
    if (!stat.isFile()) return "EACCES"
    fs.accessSync(file, fs.constants.X_OK)
    return undefined
  } catch (error) {
    return codeOf(error)
  }
}

/** The kernel reads no more of a first line (BINPRM_BUF_SIZE of Linux). */
const MAX_FIRST_LINE = 256

/** ELF, a script whose interpreter is there, or anything at all where the kernel knows further formats. */
const checkFormat = (file: string): string | undefined => {
  const start = Buffer.alloc(MAX_FIRST_LINE)
  let fd: number
  try {
    fd = fs.openSync(file, "r")
  } catch {
    return undefined // executable but not readable: the kernel will say
  }
  try {
    fs.readSync(fd, start, 0, MAX_FIRST_LINE, 0)
  } finally {
    fs.closeSync(fd)
  }
  const text = start.toString("latin1")
  if (text.startsWith("\x7fELF") || process.platform !== "linux") return undefined
  const interpreter = /^#![ \t]*([^\s\0]+)/.exec(text)?.[1]
  if (interpreter !== undefined) return fs.existsSync(interpreter) ? undefined : "ENOENT"
  return hasFurtherFormats() ? undefined : "ENOEXEC"
}

/** binfmt_misc lists what was registered beside its own `register` and `status`. */
const hasFurtherFormats = (): boolean => {
  try {
    return fs.readdirSync("/proc/sys/fs/binfmt_misc").length > 2
  } catch {
    return false
  }
}

/** Where a program of this machine is, by the absolute directories of `searchPath`. */
export const find = (program: string, searchPath: string): string | undefined =>
  searchPath
    .split(":")
    .filter((directory) => directory.startsWith("/"))
    .map((directory) => path.join(directory, program))
    .find((file) => checkFile(file) === undefined)
