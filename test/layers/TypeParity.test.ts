/** The TypeScript that we generate beside what Codex 0.169.0 generates: the same types, by the compiler's judgement. */
import * as ChildProcess from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { typeScriptFiles } from "../../src/layers/cli/TypeScriptFiles.ts"
import { EXTENSIONS } from "../support/codexOracle.ts"
import { temporaryDirectory } from "../support/harness.ts"

const ROOT = path.resolve(import.meta.dirname, "../..")

/** Assignable to theirs although not the same: it has a form more for who asked for the extension. */
const EXTENDED: ReadonlySet<string> = new Set(["ServerNotification"])

const VARIANTS = [
  ["experimental", { experimental: true }],
  ["stable", { experimental: false }]
] as const

const theirTypes = (variant: string) => fs.readFileSync(path.join(ROOT, `test/oracle/${variant}.ts`), "utf8")
const namesIn = (text: string) => [...text.matchAll(/^export type (\w+)/gm)].map(([, name]) => name!)

/** Whether each may be used as the other, and no member of either is unknown to the other. */
const comparison = (name: string, file: string) => `import type { ${name} as Ours } from "./ours/${file}"
import type { ${name} as Theirs } from "./theirs"
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
export const asTheirs = (ours: Ours): Theirs => ours
export const asOurs = (theirs: Theirs): Ours => theirs
export const same: ${EXTENDED.has(name) ? "boolean" : "Same<Ours, Theirs>"} = true
`

const FLAGS = [
  "--noEmit",
  "--strict",
  "--exactOptionalPropertyTypes",
  "--module",
  "esnext",
  "--moduleResolution",
  "bundler",
  "--target",
  "es2022"
]

/** What the compiler says of our types beside theirs: a line for each problem. */
const compare = Effect.fnUntraced(function* (ours: ReadonlyMap<string, string>, theirs: string) {
  const directory = yield* temporaryDirectory
  const write = (file: string, text: string) => {
    fs.mkdirSync(path.dirname(path.join(directory, file)), { recursive: true })
    fs.writeFileSync(path.join(directory, file), text)
  }
  for (const [file, text] of ours) write(`ours/${file}`, text)
  write("theirs.ts", theirs)
  const known = new Set(namesIn(theirs))
  const compared = [...ours.keys()].flatMap((file) => {
    const name = path.basename(file, ".ts")
    if (!known.has(name)) return []
    write(`${name}.ts`, comparison(name, file.replace(/\.ts$/, "")))
    return [`${name}.ts`]
  })
  return yield* Effect.callback<ReadonlyArray<string>>((resume) => {
    const tsc = path.join(ROOT, "node_modules/.bin/tsc")
    const words = [...FLAGS, ...compared, "ours/index.ts"]
    ChildProcess.execFile(tsc, words, { cwd: directory }, (error, stdout, stderr) => {
      const problems = stdout.split("\n").filter((line) => line.includes("error TS"))
      const failed = error !== null && problems.length === 0
      resume(failed ? Effect.die(`${error.message}\n${stdout}${stderr}`) : Effect.succeed(problems))
    })
  })
})

describe.each(VARIANTS)("the %s TypeScript types", (variant, options) => {
  const ours = typeScriptFiles(options)
  const theirs = theirTypes(variant)

  it("are the same ones", () => {
    const names = [...ours.keys()].map((file) => path.basename(file, ".ts"))
    assert.deepStrictEqual(
      names.filter((name) => name !== "index" && !EXTENSIONS.has(name)).toSorted(),
      namesIn(theirs).toSorted()
    )
  })

  it.live("are the same to the compiler", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* compare(ours, theirs), [])
    })
  )
})

describe("the comparison of types", () => {
  it.live("notices a member of another type, one that may be null, one missing and one more", () =>
    Effect.gen(function* () {
      let theirs = theirTypes("experimental")
      const changes = [
        ["CommandExecResponse", "exitCode: number", "exitCode: string"],
        ["CommandExecParams", "tty?: boolean", "tty?: boolean | null"],
        ["SandboxPolicy", "writableRoots: Array<AbsolutePathBuf>, ", ""],
        ["ConfigReadParams", "includeLayers?: boolean", "includeLayers?: boolean, more?: string"]
      ] as const
      for (const [name, from, to] of changes) {
        const start = theirs.indexOf(`export type ${name} =`)
        const rest = theirs.slice(start)
        assert.include(rest, from)
        theirs = theirs.slice(0, start) + rest.replace(from, to)
      }
      const problems = yield* compare(typeScriptFiles({ experimental: true }), theirs)
      for (const [name] of changes) {
        assert.isTrue(
          problems.some((line) => line.startsWith(`${name}.ts`)),
          `${name}: ${problems.join("\n")}`
        )
      }
    })
  )
})
