/** How each block of the documents is run: by its language, and line by line where it is a shell's. */
import * as fs from "node:fs"
import * as path from "node:path"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Toml from "smol-toml"
import { transform } from "esbuild"
import { HAS_BUBBLEWRAP, conversation, isInPath } from "../harness.ts"
import { ROOT, type Block } from "./markdown.ts"
import { mask } from "./masks.ts"
import type { Shell } from "./shell.ts"
import * as Transcript from "./transcript.ts"

/** Lines that are not run, and why. */
const NOT_RUN: ReadonlyMap<string, string> = new Map([
  ["npm ci && npm test", "it is what runs this test; `.ci/run` begins with both"]
])
/** Beginnings of lines that are left out, and why. */
const LEFT_OUT: ReadonlyMap<string, string> = new Map([
  ["npm ci && ", "it needs a registry, and the modules are there; `.ci/run` begins with it"]
])
/** Languages that are not run, and why. */
const EXPLAINED: ReadonlyMap<string, string> = new Map([
  ["yaml", "it configures programs of others, which are not here"]
])

/** Programs that a machine may be without; `.ci/run` installs them. */
const OPTIONAL: ReadonlyMap<string, boolean> = new Map([
  ["curl", isInPath("curl")],
  ["node dist/main.js sandbox-check", HAS_BUBBLEWRAP]
])
/** What this machine lacks for a command line. */
const lacks = (line: string): string | undefined =>
  [...OPTIONAL].find(([program, isHere]) => line.startsWith(program) && !isHere)?.[0]

/** Examples by their text. */
const EXAMPLES: ReadonlyMap<string, string> = new Map(
  fs
    .readdirSync(path.join(ROOT, "examples"))
    .map((name) => [fs.readFileSync(path.join(ROOT, "examples", name), "utf8"), name])
)

/** What was done with it, in a few words. */
type Way = (block: Block, shell: LazyShell) => Effect.Effect<string, unknown, Scope.Scope>
/** Made for the first block that needs it. */
export type LazyShell = Effect.Effect<Shell, unknown, Scope.Scope>

const commandsOf = (text: string): ReadonlyArray<string> =>
  text
    .replaceAll("\\\n", " ")
    .split("\n")
    .map((line) => line.replace(/\s+# .*|^# .*/, "").trim())
    .filter((line) => line !== "")

const sh: Way = Effect.fnUntraced(function* ({ text }, shell) {
  const { run } = yield* shell
  const done: Array<string> = []
  for (const line of commandsOf(text)) {
    const reason = NOT_RUN.get(line)
    if (reason !== undefined) {
      done.push(`\`${line}\` is not run: ${reason}`)
      continue
    }
    const missing = lacks(line)
    if (missing !== undefined) {
      done.push(`\`${line}\` is not run: this machine lacks what \`${missing}\` needs`)
      continue
    }
    const [left, why] = [...LEFT_OUT].find(([begin]) => line.startsWith(begin)) ?? ["", undefined]
    yield* run(line.slice(left.length))
    done.push(`\`${line}\` is run${why === undefined ? "" : ` without \`${left.trim()}\`: ${why}`}`)
  }
  return done.join("; ")
})

/** `$ command` and what it prints, up to the next one. */
const console_: Way = Effect.fnUntraced(function* ({ text }, shell) {
  const { run } = yield* shell
  const [before, ...entries] = text.split(/^\$ /m)
  assert.strictEqual(before, "", "a session begins with `$ `")
  for (const entry of entries) {
    const [line, ...output] = entry.split("\n")
    if (lacks(line!) !== undefined) return "not run: this machine lacks what it needs"
    assert.strictEqual(mask(yield* run(line!)), mask(output.join("\n")))
  }
  return "run, and its output compared"
})

/** A program, with its name in its first line, which is run as soon as it is saved. */
const js: Way = Effect.fnUntraced(function* ({ text }, shell) {
  const { run, save } = yield* shell
  const [, name] = /^\/\/ (\S+\.mjs)\n/.exec(text) ?? []
  assert.isDefined(name, "the first line says how the program is called")
  yield* save(name, text)
  yield* run(`node ${name}`)
  return `saved as ${name} and run`
})

/** Types are checked in one go for all of them. */
const ts: Way = Effect.fnUntraced(function* ({ text }, shell) {
  const example = EXAMPLES.get(text)
  if (example !== undefined) return `type-checked; equals examples/${example}, which is run by itself`
  const { run, save } = yield* shell
  const { code } = yield* Effect.promise(() => transform(text, { loader: "ts", format: "esm" }))
  yield* save("snippet.mjs", code)
  yield* run("node snippet.mjs")
  return "type-checked and run"
})

const json: Way = ({ text }) =>
  Effect.as(Transcript.hold(text), "decoded by our schemas, sent, and the answers compared")

/** A server starts by it, with `--strict-config`, and says that the values are in force. */
const toml: Way = Effect.fnUntraced(function* ({ text }) {
  const { client } = yield* conversation({ config: text, args: ["--strict-config"] })
  const { result } = yield* client.request("config/read", {})
  assert.deepNestedInclude(result.config, flat(Toml.parse(text)))
  return "a strict server starts by it, and has its values"
})

/** Values by dotted paths. */
const flat = (table: object, prefix = ""): Record<string, unknown> =>
  Object.assign(
    {},
    ...Object.entries(table).map(([key, value]) =>
      typeof value === "object" && !Array.isArray(value)
        ? flat(value, `${prefix}${key}.`)
        : { [`${prefix}${key}`]: value }
    )
  )

const WAYS: ReadonlyMap<string, Way> = new Map([
  ["sh", sh],
  ["console", console_],
  ["js", js],
  ["ts", ts],
  ["json", json],
  ["toml", toml]
])

/** Does with the block what is to be done with its language. */
export const follow: Way = (block, shell) => {
  const reason = EXPLAINED.get(block.language)
  if (reason !== undefined) return Effect.succeed(`not run: ${reason}`)
  const way = WAYS.get(block.language)
  return way === undefined
    ? Effect.fail(new Error(`nobody knows how to run \`${block.language}\``))
    : way(block, shell)
}
