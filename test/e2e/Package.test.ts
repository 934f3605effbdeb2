/** What is published: what the package's users import, run or read, and nothing else. */
import * as ChildProcess from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { PROGRAM } from "../support/harness.ts"

const ROOT = path.resolve(import.meta.dirname, "../..")
const PACK_MS = 20_000

/** The names of the files that `npm pack` would put into the package. */
const packed = Effect.callback<ReadonlyArray<string>>((resume) => {
  const words = ["pack", "--dry-run", "--json", "--ignore-scripts"]
  ChildProcess.execFile(
    "npm",
    words,
    { cwd: ROOT, timeout: PACK_MS, maxBuffer: 2 ** 24 },
    (error, stdout) => {
      if (error !== null) return resume(Effect.die(error))
      // one object for each package, in a list or by name, as the version of npm has it
      const [pack] = Object.values<any>(JSON.parse(stdout))
      resume(Effect.succeed(pack.files.map((file: { readonly path: string }) => file.path)))
    }
  )
})

const KINDS = [
  /^(?:LICENSE|README\.md|package\.json)$/,
  /^dist\/(?:main\.js|program\.js(?:\.LEGAL\.txt)?|program-v[\d.]+-\w+\.cache|(?:lib\/)?package\.json)$/,
  /^dist\/lib\/(?:index|client|(?:rpc|services|layers)\/(?:auth\/)?\w+)\.(?:js|d\.ts)$/,
  /^docs\/(?:decisions\/)?[\w-]+\.md$/,
  /^docs\/[\w-]+\.svg$/,
  /^examples\/\d\d-[a-z-]+\.(?:ts|mjs)$/,
  /^schema\/(?:json|typescript)\/.+\.(?:json|ts)$/
]

describe("the package", () => {
  it.live("has what is imported, run and read, and nothing else", () =>
    Effect.gen(function* () {
      const files = yield* packed
      assert.deepStrictEqual(
        files.filter((file) => !KINDS.some((kind) => kind.test(file))),
        []
      )
      const { bin, exports } = JSON.parse(fs.readFileSync(path.join(ROOT, "package.json"), "utf8"))
      const entries = [...Object.values(bin), ...Object.values(exports)].flatMap((entry) =>
        typeof entry === "string" ? [entry] : Object.values(entry as object)
      )
      for (const entry of entries) assert.include(files, path.normalize(entry))
    })
  )

  it.each([
    ["layers/WebSocketRoute", "This route is for its own machine"],
    ["services/TestMachine", "/home/test/.codex"],
    ["services/InProcessTransport", "destroyed by this client"]
  ])("has a program without %s, which only the library needs", (module, text) => {
    assert.include(fs.readFileSync(path.join(ROOT, "dist/lib", `${module}.js`), "utf8"), text)
    assert.notInclude(fs.readFileSync(PROGRAM, "utf8"), text)
  })
})
