/** The examples do what they say, with the package as it is built; the README shows them as they are. */
import * as ChildProcess from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { transform } from "esbuild"
import { startServer } from "../support/harness.ts"

const ROOT = path.resolve(import.meta.dirname, "../..")
const RUN_MS = 20_000

/** Runs TypeScript within the package, and gives what it prints. */
const run = Effect.fnUntraced(function* (typeScript: string) {
  const { code } = yield* Effect.promise(() => transform(typeScript, { loader: "ts", format: "esm" }))
  return yield* Effect.callback<string>((resume) => {
    const words = ["--input-type=module", "--eval", code]
    ChildProcess.execFile(process.execPath, words, { cwd: ROOT, timeout: RUN_MS }, (error, stdout, stderr) =>
      resume(error === null ? Effect.succeed(stdout) : Effect.die(`${error.message}\n${stderr}`))
    )
  })
})

describe.each([
  ["client.ts", "1\n2\n3\n{ exitCode: 0, stdout: '', stderr: '' }\n"],
  ["promises.ts", "24 80\n{ exitCode: 0, stdout: '', stderr: '' }\n"]
])("examples/%s", (name, output) => {
  const example = fs.readFileSync(path.join(ROOT, "examples", name), "utf8")

  it("is in the README", () => {
    assert.include(fs.readFileSync(path.join(ROOT, "README.md"), "utf8"), `\`\`\`ts\n${example}\`\`\``)
  })

  it.live("runs", () =>
    Effect.gen(function* () {
      const { url } = yield* startServer()
      const printed = yield* run(example.replace("ws://127.0.0.1:4500", url))
      assert.strictEqual(printed.replaceAll("\r\n", "\n"), output)
    })
  )
})
