/** Commands that cannot start, and what the system says of them; the same with a sandbox and without. */
import type { SpawnSpec } from "../../src/services/ProcessSpawner.ts"

export interface RefusedStart {
  /** What is wrong. */
  readonly why: string
  readonly message: string
  readonly argv: SpawnSpec["argv"]
  readonly options: Partial<Pick<SpawnSpec, "cwd" | "env">>
}

export const ENOENT = "No such file or directory (os error 2)"
const EACCES = "Permission denied (os error 13)"
const ENOTDIR = "Not a directory (os error 20)"
const E2BIG = "Argument list too long (os error 7)"

const refused = (
  why: string,
  message: string,
  argv: RefusedStart["argv"],
  options: RefusedStart["options"] = {}
): RefusedStart => ({ why, message, argv, options })

export const refusedStarts = (io: SpawnSpec["io"]): ReadonlyArray<RefusedStart> => [
  refused("a program that is not there", ENOENT, ["/nonexistent/program"]),
  refused("a name that is in no directory of PATH", ENOENT, ["no-such-program"]),
  refused("a name that a launcher would take for an option", ENOENT, ["--help"]),
  refused("a program that only the server's PATH has", ENOENT, ["env"], { env: { PATH: "/nonexistent" } }),
  refused("a file that is not executable", EACCES, ["/etc/passwd"]),
  refused("a directory", EACCES, ["/tmp"]),
  refused("in a directory that is not there", ENOENT, ["true"], { cwd: "/nonexistent" }),
  refused("in a directory that is a file", ENOTDIR, ["true"], { cwd: "/etc/passwd" }),
  refused("a program without a name", `missing program for ${"rows" in io ? "PTY" : "pipe"} spawn`, [""]),
  refused("with a NUL in an argument", "nul byte found in provided data", ["echo", "a\0b"]),
  refused("with a NUL in a variable", "data provided contains a nul byte", ["echo"], {
    env: { PATH: process.env["PATH"]!, A: "\0" }
  }),
  refused("with an argument that is too long", E2BIG, ["echo", "x".repeat(3_000_000)])
]
