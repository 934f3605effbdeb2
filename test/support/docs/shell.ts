/**
 * What a reader does with a document from its top to its end: types the commands, saves the programs and runs them.
 * He has a directory with what a clone has after a build, a home of his own, and ports that nobody else has.
 */
import * as ChildProcess from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { temporaryDirectory, until } from "../harness.ts"
import * as CommandLines from "./commandLines.ts"
import { ROOT } from "./markdown.ts"

const RUN_MS = 30_000
const PORT = /(?<=:)4500\b/g

export class ShellError extends Data.TaggedError("ShellError")<{ readonly message: string }> {}

const COPIED = [
  "examples",
  "package.json",
  "package-lock.json",
  "scripts",
  "src",
  "dist",
  "tsconfig.json",
  "tsconfig.build.json"
]

/** Files keep their times, so that nothing is built again. */
const clone = Effect.map(temporaryDirectory, (directory) => {
  const checkout = path.join(directory, "effect-app-server")
  for (const name of COPIED) {
    fs.cpSync(path.join(ROOT, name), path.join(checkout, name), { recursive: true, preserveTimestamps: true })
  }
  fs.symlinkSync(path.join(ROOT, "node_modules"), path.join(checkout, "node_modules"))
  const home = path.join(directory, "home")
  const bin = path.join(directory, "bin")
  for (const made of [home, bin]) fs.mkdirSync(made)
  fs.symlinkSync(path.join(checkout, "dist/main.js"), path.join(bin, "effect-app-server"))
  return { checkout, home, bin }
})

/** A document's reader. */
export const make = Effect.gen(function* () {
  const { bin, checkout, home } = yield* clone
  const env = { PATH: `${bin}:${process.env["PATH"]}`, HOME: home, TERM: "xterm" }
  let port: string | undefined

  const spawn = (line: string) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const child = ChildProcess.spawn("sh", ["-c", line], {
          cwd: checkout,
          env,
          detached: true,
          stdio: ["ignore", "pipe", "pipe"]
        })
        const seen = { output: "", code: undefined as number | string | undefined, pid: child.pid! }
        for (const stream of [child.stdout, child.stderr]) {
          stream.on("data", (bytes: Buffer) => (seen.output += bytes.toString()))
        }
        child.on("close", (code, signal) => (seen.code = code ?? signal!))
        return seen
      }),
      ({ code, pid }) =>
        Effect.sync(() => {
          if (code !== undefined) return
          try {
            process.kill(-pid, "SIGKILL")
          } catch {
            // it has ended since
          }
        })
    )

  /** A file in the clone, with the port of the server in the place of the documents'. */
  const save = (name: string, text: string) =>
    Effect.sync(() =>
      fs.writeFileSync(path.join(checkout, name), port === undefined ? text : text.replace(PORT, port))
    )

  /** Starts a server, which from now on is the one that is meant by the port of the documents. */
  const serve = Effect.fnUntraced(function* (line: string) {
    const seen = yield* spawn(line.replace(PORT, "0"))
    port = yield* until(`a server by ${line}`, RUN_MS, () =>
      seen.code === undefined ? /listening on: ws:\/\/\S+:(\d+)/.exec(seen.output)?.[1] : ""
    ).pipe(Effect.mapError(({ message }) => new ShellError({ message: `${message}: ${seen.output}` })))
    if (port === "") return yield* new ShellError({ message: `${line}: ${seen.output}` })
    for (const name of fs.readdirSync(path.join(ROOT, "examples"))) {
      const example = path.join("examples", name)
      yield* save(example, fs.readFileSync(path.join(ROOT, example), "utf8"))
    }
  })

  /** Runs one command line: to its end, with exit code 0, or if it is a server's, until that listens. */
  const run = Effect.fnUntraced(function* (line: string) {
    if (CommandLines.parse(line)?._tag === "Serve") {
      yield* serve(line)
      return ""
    }
    const seen = yield* spawn(port === undefined ? line : line.replace(PORT, port))
    const code = yield* until(`the end of ${line}`, RUN_MS, () => seen.code)
    if (code !== 0) return yield* new ShellError({ message: `${line}: exit code ${code}: ${seen.output}` })
    return port === undefined ? seen.output : seen.output.replaceAll(`:${port}`, ":4500")
  })

  return { run, save }
})
export type Shell = Effect.Success<typeof make>
