/** Checks the types of snippets as strictly as TypeScript can, in the project of somebody who uses the package. */
import * as ChildProcess from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import { temporaryDirectory } from "../harness.ts"
import { ROOT } from "./markdown.ts"

const CHECK_MS = 60_000

const TSCONFIG = {
  compilerOptions: {
    target: "ES2023",
    lib: ["ES2023"],
    module: "NodeNext",
    types: ["node"],
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    skipLibCheck: true
  }
}

/** What the compiler says, which is nothing if all is well. Each text is a module, in a file with this name. */
export const typeCheck = Effect.fnUntraced(function* (texts: ReadonlyMap<string, string>) {
  const directory = yield* temporaryDirectory
  const modules = path.join(directory, "node_modules")
  fs.mkdirSync(modules)
  fs.symlinkSync(ROOT, path.join(modules, "effect-app-server"))
  for (const name of ["effect", "@effect", "@types"]) {
    fs.symlinkSync(path.join(ROOT, "node_modules", name), path.join(modules, name))
  }
  fs.writeFileSync(path.join(directory, "package.json"), '{ "type": "module" }')
  fs.writeFileSync(path.join(directory, "tsconfig.json"), JSON.stringify(TSCONFIG))
  for (const [name, text] of texts) fs.writeFileSync(path.join(directory, name), text)
  return yield* Effect.callback<string>((resume) => {
    const tsc = path.join(ROOT, "node_modules/.bin/tsc")
    ChildProcess.execFile(tsc, ["-p", directory], { timeout: CHECK_MS }, (error, stdout, stderr) =>
      resume(Effect.succeed(error === null ? stdout : `${stdout}${stderr}${error.message}`))
    )
  })
})
