/**
 * Whether a program would start, and if not, why: what `execvp(3)` finds out too late for a terminal, where the
 * failure would come as output, or hides, as a script without `#!` that it hands to a shell.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import type { SpawnSpec } from "../services/ProcessSpawner.ts"

/** Where programs are looked up when PATH is not set: `confstr(_CS_PATH)` of glibc. */
const DEFAULT_PATH = "/bin:/usr/bin"

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "EIO"

/** The error code that starting the program would give, or nothing. */
export const check = ({ argv, cwd, env }: SpawnSpec): string | undefined => {
  const [program] = argv
  try {
    if (!fs.statSync(cwd).isDirectory()) return "ENOTDIR"
  } catch (error) {
    return codeOf(error)
  }
  if (program.includes("/")) return checkFile(path.resolve(cwd, program))
  let refused = "ENOENT"
  for (const directory of (env["PATH"] ?? DEFAULT_PATH).split(":")) {
    const problem = checkFile(path.resolve(cwd, directory, program))
    if (problem === undefined || problem === "ENOEXEC") return problem
    if (problem === "EACCES") refused = problem
  }
  return refused
}

const checkFile = (file: string): string | undefined => {
  try {
    // most directories of PATH do not have it, and an exception costs more than the look
    const stat = fs.statSync(file, { throwIfNoEntry: false })
    if (stat === undefined) return "ENOENT"
    if (!stat.isFile()) return "EACCES"
    fs.accessSync(file, fs.constants.X_OK)
  } catch (error) {
    return codeOf(error)
  }
  return checkFormat(file)
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
