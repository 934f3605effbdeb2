/**
 * The documents tell the truth: every block of the README and of `docs` is run, or says why not; every command line is
 * one that the program takes; what they link to, and name, is there.
 */
import * as ChildProcess from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Arguments from "../../src/layers/cli/Arguments.ts"
import * as ExecArguments from "../../src/layers/cli/ExecArguments.ts"
import { AppServerRpcs, ServerNotifications } from "../../src/rpc/AppServerRpcs.ts"
import * as CommandLines from "../support/docs/commandLines.ts"
import { documents, ROOT, type Block, type Document } from "../support/docs/markdown.ts"
import { mask } from "../support/docs/masks.ts"
import * as Shell from "../support/docs/shell.ts"
import { typeCheck } from "../support/docs/typeCheck.ts"
import * as Ways from "../support/docs/ways.ts"
import { HAS_BUBBLEWRAP } from "../support/harness.ts"

const FOLLOW_MS = 120_000
const DRAW_MS = 40_000

const named = new Map(documents.map((document) => [document.name, document]))
const readme = named.get("README.md")!
const codes = documents.flatMap(({ codes, name }) => codes.map((code) => [name, code] as const))
const packageJson = JSON.parse(fs.readFileSync(path.join(ROOT, "package.json"), "utf8"))

/** The failure as it was, with the place of the block in front. */
const located =
  ({ place }: Block) =>
  (cause: Cause.Cause<unknown>) => {
    const error = Cause.squash(cause)
    if (error instanceof Error) error.message = `${place}: ${error.message}`
    return Effect.die(error)
  }

describe("blocks", () => {
  describe.each(documents.filter(({ blocks }) => blocks.length > 0))("$name", ({ blocks }) => {
    it.live(
      "shows what happens",
      () =>
        Effect.gen(function* () {
          const shell = yield* Effect.cached(Shell.make)
          for (const block of blocks) {
            const way = yield* Ways.follow(block, shell).pipe(Effect.catchCause(located(block)))
            if (process.env["SHOW_WAYS"] !== undefined)
              console.log(`${block.place} ${block.language}: ${way}`)
          }
        }),
      FOLLOW_MS
    )
  })

  it.live(
    "of TypeScript have the right types for users of the package",
    () =>
      Effect.gen(function* () {
        const snippets = documents
          .flatMap(({ blocks }) => blocks)
          .filter(({ language }) => language === "ts")
          .map(({ place, text }) => [`${place.replaceAll(/\W/g, "-")}.ts`, text] as const)
        assert.strictEqual(yield* typeCheck(new Map(snippets)), "")
      }),
    FOLLOW_MS
  )
})

describe("the picture of a session", () => {
  it.live.skipIf(!HAS_BUBBLEWRAP)(
    "is what a fresh run draws",
    () =>
      Effect.gen(function* () {
        const fresh = yield* Effect.callback<string>((resume) => {
          ChildProcess.execFile(
            process.execPath,
            [path.join(ROOT, "scripts/session.mjs")],
            { timeout: DRAW_MS },
            (error, stdout, stderr) =>
              resume(error === null ? Effect.succeed(stdout) : Effect.die(new Error(stderr)))
          )
        })
        const committed = fs.readFileSync(path.join(ROOT, "docs/session.svg"), "utf8")
        assert.deepStrictEqual(linesOf(fresh), linesOf(committed))
      }),
    DRAW_MS
  )
})

/** The lines of the terminals, as they were before they were broken. */
const linesOf = (svg: string): ReadonlyArray<string> =>
  [...svg.matchAll(/<text [^>]*>(.*)<\/text>/g)].map(([, text]) =>
    mask(
      text!
        .replaceAll(/<\/?tspan[^>]*>/g, "")
        .replaceAll("&lt;", "<")
        .replaceAll("&gt;", ">")
        .replaceAll("&amp;", "&")
    )
  )

/** What is not as it should be, with the names of the documents. */
const problems = (
  found: ReadonlyArray<readonly [name: string, code: string]>,
  isRight: (code: string) => boolean
) => found.filter(([, code]) => !isRight(code)).map(([name, code]) => `${name}: ${code}`)

const takes = (line: string): boolean => {
  try {
    return CommandLines.parse(line) !== undefined
  } catch {
    return false
  }
}
const flagOf = (code: string): string => /^--[\w-]+/.exec(code)![0]
const hasFlag = (flag: string): boolean =>
  new RegExp(`${flag}(?![\\w-])`).test(Arguments.HELP + ExecArguments.HELP)

describe("commands", () => {
  it("are ones that the program takes", () => {
    const lines = codes.filter(([, code]) => CommandLines.ourWords(code) !== undefined)
    assert.isAbove(lines.length, 3)
    assert.deepStrictEqual(problems(lines, takes), [])
  })

  it("have flags that the help has", () => {
    const flags = codes.filter(([, code]) => /^--\w/.test(code))
    assert.isAbove(flags.length, 5)
    assert.deepStrictEqual(
      problems(flags, (code) => hasFlag(flagOf(code))),
      []
    )
  })

  it("override what can be overridden", () => {
    const overrides = codes.filter(([, code]) => code.startsWith("-c "))
    assert.deepStrictEqual(
      problems(overrides, (code) => takes(`effect-app-server ${code}`)),
      []
    )
  })

  it("of npm are scripts of the package", () => {
    const names = codes.flatMap(([name, code]) => {
      const [, script] = /^npm run (\S+)/.exec(code) ?? []
      return script === undefined ? [] : [[name, script] as const]
    })
    assert.isAbove(names.length, 3)
    assert.deepStrictEqual(
      problems(names, (name) => name in packageJson.scripts),
      []
    )
  })
})

describe("links", () => {
  it.each(documents)("of $name lead somewhere", ({ name, targets }) => {
    const dead = targets
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const [file, anchor] = target.split("#") as [string, string?]
        const found =
          file === "" ? name : path.posix.normalize(path.posix.join(path.posix.dirname(name), file))
        if (!fs.existsSync(path.join(ROOT, found))) return true
        return anchor !== undefined && named.get(found)?.anchors.has(anchor) !== true
      })
    assert.deepStrictEqual(dead, [])
  })

  it("are to files of the repository, where files are named", () => {
    const paths = codes.filter(([, code]) =>
      /^(?:src|test|docs|examples|scripts|schema|bench|\.ci)\/[\w./-]+$/.test(code)
    )
    assert.isAbove(paths.length, 30)
    assert.deepStrictEqual(
      problems(paths, (file) => fs.existsSync(path.join(ROOT, file))),
      []
    )
  })

  /** The pages that a page links to. */
  const linked = ({ name, targets }: Document) =>
    new Set(targets.map((target) => path.posix.join(path.posix.dirname(name), target.split("#", 1)[0]!)))

  it("of the indexes reach all pages", () => {
    const index = linked(named.get("docs/README.md")!)
    const decisions = linked(named.get("docs/decisions/README.md")!)
    const missing = documents
      .map(({ name }) => name)
      .filter((name) => !(/\/\d{4}-/.test(name) ? decisions : index).has(name))
    assert.deepStrictEqual(missing, ["docs/README.md"])
  })

  it("of the index of decisions are called as those are", () => {
    const { text } = named.get("docs/decisions/README.md")!
    for (const { name, text: decision } of documents.filter(({ name }) => /\/\d{4}-/.test(name))) {
      const [, number, title] = /^# (\d+)\. (.+)/.exec(decision)!
      assert.include(text, `${number}. [${title}](${path.basename(name)})`)
    }
  })
})

describe("the README", () => {
  it("is shorter than 200 lines", () => {
    assert.isBelow(readme.text.split("\n").length, 200)
  })

  it("has the two commands as they are typed", () => {
    assert.include(readme.text, "npm ci && npm start -- --listen ws://127.0.0.1:4500 ")
    assert.include(readme.text, "npm ci && npm test ")
  })

  it("names every method and notification, and no other", () => {
    const names = [...AppServerRpcs.requests.keys(), ...Object.keys(ServerNotifications)]
    const table = readme.text.slice(readme.text.indexOf("\n## Methods"), readme.text.indexOf("\n## Clients"))
    const rows = table.split("\n").filter((line) => line.startsWith("| ←") || line.startsWith("| `"))
    const told = rows.flatMap((row) =>
      [...row.split("|")[1]!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!)
    )
    assert.deepStrictEqual(told.sort(), names.sort())
  })

  it("has a place for the measurements", () => {
    assert.match(readme.text, /\n<!-- bench:begin -->\n[^]*\n<!-- bench:end -->\n/)
  })
})
