import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { resolveCodexHome } from "../../src/layers/CodexHome.ts"

const problem = (env: Record<string, string | undefined>) => Effect.flip(resolveCodexHome(env))

layer(NodeServices.layer)("resolveCodexHome", (it) => {
  it.effect("gives the real name of the directory that CODEX_HOME names", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.realPath(yield* fs.makeTempDirectoryScoped())
      yield* fs.makeDirectory(`${directory}/home`)
      yield* fs.symlink(`${directory}/home`, `${directory}/link`)
      assert.strictEqual(
        yield* resolveCodexHome({ CODEX_HOME: `${directory}/link/`, HOME: "/h" }),
        `${directory}/home`
      )
    })
  )

  it.effect("gives .codex in the home directory otherwise, and does not make it", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const home = yield* fs.makeTempDirectoryScoped()
      assert.strictEqual(yield* resolveCodexHome({ HOME: home }), `${home}/.codex`)
      assert.strictEqual(yield* resolveCodexHome({ CODEX_HOME: "", HOME: home }), `${home}/.codex`)
      assert.isFalse(yield* fs.exists(`${home}/.codex`))
    })
  )

  it.effect("refuses a CODEX_HOME that does not exist, or is a file", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      const [missing, file] = [`${directory}/missing`, `${directory}/file`]
      yield* fs.writeFileString(file, "")
      assert.strictEqual(
        (yield* problem({ CODEX_HOME: missing })).message,
        `CODEX_HOME points to "${missing}", but that path does not exist`
      )
      assert.strictEqual(
        (yield* problem({ CODEX_HOME: file })).message,
        `CODEX_HOME points to "${file}", but that path is not a directory`
      )
      const inFile = yield* problem({ CODEX_HOME: `${file}/x` })
      assert.strictEqual(inFile.reason, "Unreadable")
      assert.strictEqual(
        inFile.message,
        `failed to read CODEX_HOME "${file}/x": Not a directory (os error 20)`
      )
    })
  )

  it.effect("says what to set when there is no home directory at all", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        (yield* problem({})).message,
        "Could not find home directory; set CODEX_HOME or HOME"
      )
    })
  )
})
