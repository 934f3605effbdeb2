/** The client of the command line, `exec`, as a child process on pipes. */
import * as ChildProcess from "node:child_process"
import * as os from "node:os"
import * as Effect from "effect/Effect"
import { MAIN, until } from "./harness.ts"

/** How long anything that a client does may take. */
export const CLIENT_MS = 20_000

export interface StartOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Runs `exec` with these words; all that is left of it is killed with the Scope. */
export const startClient = (words: ReadonlyArray<string>, options: StartOptions = {}) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() =>
        ChildProcess.spawn(process.execPath, [MAIN, "exec", ...words], {
          cwd: options.cwd,
          env: { PATH: process.env["PATH"], HOME: os.tmpdir(), ...options.env },
          stdio: "pipe"
        })
      ),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    ),
    (child) => {
      let end: number | NodeJS.Signals | undefined
      let stderr = ""
      child.stdin.on("error", () => {}) // it may be gone
      child.stderr.on("data", (bytes: Buffer) => (stderr += bytes.toString()))
      child.on("close", (code, signal) => (end = signal ?? code!))
      return {
        child,
        stderr: () => stderr,
        /** The exit code, or the signal of which it died, once its streams are over. */
        end: until("the end of the client", CLIENT_MS, () => end)
      }
    }
  )

/** Runs `exec` with these words and this stdin to its end. */
export const runClient = (
  words: ReadonlyArray<string>,
  { stdin = "", ...options }: StartOptions & { readonly stdin?: string | Buffer } = {}
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { child, end, stderr } = yield* startClient(words, options)
      const stdout: Array<Buffer> = []
      child.stdout.on("data", (bytes: Buffer) => stdout.push(bytes))
      child.stdin.end(stdin)
      const code = yield* end
      return { code, stdout: Buffer.concat(stdout), stderr: stderr() }
    })
  )
