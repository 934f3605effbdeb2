/** The `fs/*` methods by themselves, on a directory of the test's own. */
import { execFileSync } from "node:child_process"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as RpcTest from "effect/rpc/RpcTest"
import * as AppServer from "../../src/layers/AppServer.ts"
import * as Limits from "../../src/services/Limits.ts"
import * as ServedRpcs from "../../src/services/ServedRpcs.ts"
import { temporaryDirectory } from "./harness.ts"
import * as Scripted from "./scripted.ts"
import * as ScriptedSpawner from "./ScriptedSpawner.ts"

const makeClient = RpcTest.makeClient(ServedRpcs.ServedRpcs, { flatten: true })

/** Of `nobody`, as nearly every system has it. */
const NOBODY = 65_534

export interface Files {
  readonly directory: string
  /** The path of a name in it. */
  readonly at: (name: string) => string
  /** Asks with names in place of paths, and gives the result, or the error's code and message. */
  readonly ask: (method: FsMethod, params: Readonly<Record<string, unknown>>) => Effect.Effect<any>
  /** Runs a script in it. */
  readonly sh: (script: string) => string
}
type FsMethod =
  `fs/${"readFile" | "writeFile" | "createDirectory" | "getMetadata" | "readDirectory" | "remove" | "copy"}`

const PATHS: ReadonlySet<string> = new Set(["path", "sourcePath", "destinationPath"])

export const withFiles = <A, E>(
  test: (files: Files) => Effect.Effect<A, E, Scope.Scope>,
  limits: Partial<Limits.Limits> = {}
) =>
  Effect.gen(function* () {
    const client = yield* makeClient
    yield* client("initialize", { clientInfo: { name: "t", version: "1" } })
    const directory = yield* temporaryDirectory
    const at = (name: string) => path.join(directory, name)
    return yield* test({
      directory,
      at,
      ask: (method, params) => {
        const named = Object.entries(params).map(([key, value]) => [
          key,
          PATHS.has(key) && !String(value).startsWith("/") ? `${directory}/${value}` : value
        ])
        const answer = client(method, Object.fromEntries(named)) as Effect.Effect<unknown, any>
        return Effect.match(answer, {
          onSuccess: (result) => result,
          onFailure: ({ code, message }) => ({ code, message: String(message).replaceAll(directory, "$D") })
        })
      },
      sh: (script) => execFileSync("sh", ["-c", script], { cwd: directory, encoding: "utf8" })
    })
  }).pipe(
    Effect.provide(
      Layer.mergeAll(
        Layer.provide(AppServer.layerHandlers, Scripted.services(ScriptedSpawner.make())),
        ServedRpcs.layerMiddleware
      ).pipe(Layer.provide(Limits.layer(limits)))
    )
  )

/** With the rights of an ordinary user: root, for whom nothing is forbidden, becomes another one for a while. */
export const unprivileged = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  process.getuid!() === 0
    ? Effect.acquireUseRelease(
        Effect.sync(() => process.seteuid!(NOBODY)),
        () => effect,
        () => Effect.sync(() => process.seteuid!(0))
      )
    : effect

/** Gives a directory and all that is in it to the user of {@link unprivileged}. */
export const giveAway = (directory: string) => {
  if (process.getuid!() === 0) execFileSync("chown", ["-hR", String(NOBODY), directory])
}
