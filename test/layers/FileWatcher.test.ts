/** What a watch sees of real changes. */
import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as NodeFileWatcher from "../../src/layers/NodeFileWatcher.ts"
import { MAX_EVENTS_PER_TURN } from "../../src/layers/PathWatch.ts"
import { FileWatcher } from "../../src/services/FileWatcher.ts"
import { giveAway, unprivileged } from "../support/files.ts"
import { temporaryDirectory, until } from "../support/harness.ts"

const SEEN_MS = 5000

const onChange = (onChange: (path: string) => void) => ({
  onChange,
  onFlood: () => assert.fail("there is no flood")
})

interface Watched {
  readonly directory: string
  readonly at: (name: string) => string
  /** Does it, and gives the names that the watch tells until all of it is told. */
  readonly after: (act: string | (() => void)) => Effect.Effect<ReadonlyArray<string>, unknown>
}

/** Watches a name in a directory of the test's own that a script has prepared. */
const watching = Effect.fnUntraced(function* (prepare: string, name: string) {
  const directory = yield* temporaryDirectory
  const aside = yield* temporaryDirectory
  const at = (name: string) => path.join(directory, name)
  const sh = (script: string) => execFileSync("sh", ["-c", script], { cwd: directory })
  sh(prepare)
  const { watch } = yield* FileWatcher
  const changed = new Set<string>()
  yield* watch(
    at(name),
    onChange((path) => changed.add(path))
  )
  let told = false
  yield* watch(
    aside,
    onChange(() => (told = true))
  )
  const watched: Watched = {
    directory,
    at,
    after: Effect.fnUntraced(function* (act) {
      changed.clear()
      if (typeof act === "string") sh(act)
      else act()
      // the system tells of changes in their order: behind this one all of them are told
      told = false
      fs.writeFileSync(path.join(aside, "behind"), "")
      yield* until("the change behind", SEEN_MS, () => told || undefined)
      return [...changed].map((path) => path.slice(directory.length + 1)).sort()
    })
  }
  return watched
})

const watches = (
  what: string,
  prepare: string,
  name: string,
  steps: ReadonlyArray<readonly [act: string, told: string]>
) =>
  it.live(what, () =>
    Effect.gen(function* () {
      const { after } = yield* watching(prepare, name)
      for (const [act, told] of steps) {
        assert.deepStrictEqual(yield* after(act), told.split(" ").filter(Boolean), act)
      }
    }).pipe(Effect.provide(NodeFileWatcher.layer))
  )

describe("a watched directory", () => {
  watches("tells what is directly in it, and what happens to itself", "mkdir d", "d", [
    ["echo x >d/a", "d/a"],
    ["echo y >>d/a", "d/a"],
    ["chmod 600 d/a", "d/a"],
    ["touch d/a", "d/a"],
    ["cat d/a; ls d", ""],
    ["mv d/a d/b", "d/a d/b"],
    ["ln d/b d/c", "d/c"],
    ["rm d/b d/c", "d/b d/c"],
    ["mkdir d/s", "d/s"],
    ["echo z >d/s/deep; rm d/s/deep", ""],
    ["rmdir d/s", "d/s"],
    ["ln -s x d/l", "d/l"],
    ["mkdir d/d; touch d/d/x", "d/d"],
    ["chmod 700 d", "d"],
    ["touch d", "d"],
    ["echo o >other; mv other elsewhere", ""],
    ["touch d/é d/-", "d/- d/é"]
  ])

  watches("is told to go and to come back, with what is in it then", "mkdir d", "d", [
    ["rmdir d", "d"],
    ["touch other", ""],
    ["mkdir d", "d"],
    ["touch d/a", "d/a"],
    ["rm -r d; mkdir d; touch d/b", "d d/a d/b"],
    ["touch d/c", "d/c"],
    ["mv d e", "d"],
    ["touch e/x", ""],
    ["mkdir d", "d"],
    ["touch d/y", "d/y"],
    ["rm -r d; touch d", "d d/y"],
    ["echo x >d", "d"],
    ["rm d; mv e d", "d d/b d/c d/x"],
    ["touch d/z", "d/z"]
  ])

  watches("tells what moves in and out", "mkdir d o; touch o/f d/g", "d", [
    ["mv o/f d/f", "d/f"],
    ["mv d/g o/g", "d/g"],
    ["mv d/f d/h", "d/f d/h"]
  ])

  watches("shows names that are no UTF-8 with U+FFFD", "mkdir d", "d", [
    [`touch "d/$(printf 'x\\377')"`, "d/x\ufffd"]
  ])

  watches("is looked for at its own path when the one above moves", "mkdir -p p/d", "p/d", [
    ["mv p q", "p/d"],
    ["touch q/d/x", ""],
    ["mkdir -p p/d", "p/d"],
    ["touch p/d/y", "p/d/y"]
  ])
})

describe("a watched file", () => {
  watches("tells each change, removals and replacements included", "echo 1 >f; echo 1 >o; ln f hard", "f", [
    ["echo 2 >>f", "f"],
    ["echo 2 >o", ""],
    ["chmod 600 f", "f"],
    ["touch f", "f"],
    ["cat f", ""],
    ["echo 3 >>hard", "f"],
    ["mv f g", "f"],
    ["echo 3 >g; rm hard", ""],
    ["echo 4 >f", "f"],
    ["echo 5 >>f", "f"],
    ["rm f", "f"],
    ["echo 6 >f", "f"],
    ["mv o f", "f"],
    ["echo 7 >>f", "f"],
    ["rm f; mkdir f", "f"],
    ["touch f/x", "f/x"],
    ["rm -r f; ln -s g f", "f f/x"],
    ["echo 8 >g", "f"]
  ])

  watches("may be a pipe or a device", "mkfifo p", "p", [["chmod 600 p", "p"]])
})

describe("a watched path at which nothing is", () => {
  watches("tells when it comes", ":", "m", [
    ["touch other", ""],
    ["echo 1 >m", "m"],
    ["echo 2 >>m", "m"],
    ["rm m", "m"],
    ["mkdir m", "m"],
    ["touch m/x", "m/x"]
  ])

  watches("tells so when what is above comes one by one, all at once, and goes", ":", "a/b/c", [
    ["mkdir a", ""],
    ["mkdir a/x", ""],
    ["mkdir a/b", ""],
    ["touch a/b/z", ""],
    ["echo 1 >a/b/c", "a/b/c"],
    ["echo 2 >>a/b/c", "a/b/c"],
    ["rm -r a", "a/b/c"],
    ["mkdir -p a/b; echo 3 >a/b/c", "a/b/c"],
    ["echo 4 >>a/b/c", "a/b/c"],
    ["rm -r a; touch a", "a/b/c"],
    ["rm a; mkdir -p a/b/c; touch a/b/c/d", "a/b/c a/b/c/d"]
  ])

  watches("may be one where nothing can be", "touch f; ln -s loop loop", "f/x", [
    ["rm f; mkdir f; touch f/x", "f/x"],
    ["touch f/x", "f/x"]
  ])

  watches("may have a name that is too long", ":", "x".repeat(300), [["touch other", ""]])
})

describe("a watched link", () => {
  watches("to a file tells what happens to either", "echo 1 >t; ln -s t l", "l", [
    ["echo 2 >>t", "l"],
    ["echo 3 >>l", "l"],
    ["mv t u", "l"],
    ["echo 4 >>u", ""],
    ["echo 5 >t", "l"],
    ["rm l", "l"],
    ["echo 6 >t", ""],
    ["ln -s u l", "l"],
    ["echo 7 >>u", "l"]
  ])

  watches("to a directory tells what is in it, at the link's path", "mkdir -p t/s x; ln -s x/../t l", "l", [
    ["touch t/a", "l/a"],
    ["touch l/b", "l/b"],
    ["touch t/s/x", ""],
    ["chmod 700 t", "l"],
    ["rm -r t", "l l/a l/b l/s"],
    ["mkdir t; touch t/c", "l l/c"],
    ["ln -sfn x l", "l"],
    ["touch x/d", "l/d"]
  ])

  watches("that leads nowhere tells when it leads somewhere", "ln -s t l; ln -s l k", "k", [
    ["echo 1 >t", "k"],
    ["echo 2 >>t", "k"],
    ["rm l", "k"]
  ])

  watches("may lead in a circle", "ln -s loop loop; ln -s b a; ln -s a b", "a", [
    ["touch other", ""],
    ["rm b; echo 1 >b", "a"],
    ["echo 2 >b", "a"]
  ])
})

describe("a watch", () => {
  const inotify = () =>
    fs.readdirSync("/proc/self/fdinfo").flatMap((fd) => {
      try {
        return fs.readFileSync(`/proc/self/fdinfo/${fd}`, "utf8").match(/^inotify /gm) ?? []
      } catch {
        return [] // the directory's own
      }
    }).length

  it.live("holds nothing when it has ended, whatever it watched", () =>
    Effect.gen(function* () {
      const before = inotify()
      const seen: Array<string> = []
      const scope = Effect.scoped(
        Effect.gen(function* () {
          const directory = yield* temporaryDirectory
          execFileSync("sh", ["-c", "mkdir -p d/s; touch f; ln -s d l; ln -s f lf; ln -s no dang"], {
            cwd: directory
          })
          const { watch } = yield* FileWatcher
          for (const name of ["d", "f", "l", "lf", "dang", "none", "a/b/c", "d", "f/x"]) {
            yield* watch(
              path.join(directory, name),
              onChange((path) => seen.push(path))
            )
          }
          assert.isAbove(inotify(), before)
          // replaced, so looked for anew
          execFileSync("sh", ["-c", "rm -r d f; mkdir d; touch f"], { cwd: directory })
          yield* until("both", SEEN_MS, () =>
            ["d", "f"].every((name) => seen.includes(path.join(directory, name))) ? true : undefined
          )
        })
      )
      yield* scope
      assert.strictEqual(inotify(), before)
    }).pipe(Effect.provide(NodeFileWatcher.layer))
  )

  it.live("lets a flood of changes pass, so that everything else goes on", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const { watch } = yield* FileWatcher
      const behind = path.join(directory, "behind")
      const told = new Set<number>()
      let floods = 0
      let most = 0
      let inTurn = 0
      // each of the watches is told of all
      for (const id of [1, 2, 3]) {
        yield* watch(directory, {
          onChange: (path) => {
            if (inTurn === 0) setImmediate(() => (inTurn = 0))
            most = Math.max(most, ++inTurn)
            if (path === behind) told.add(id)
          },
          onFlood: () => floods++
        })
      }
      const script = `const fs = require("fs")
        const [a, b] = ["a", "b"].map((name) => fs.openSync(name, "w"))
        for (let i = 0; i < 300000; i++) { fs.writeSync(a, "x", 0); fs.writeSync(b, "x", 0) }`
      const writer = spawn(process.execPath, ["-e", script], { cwd: directory })
      yield* Effect.promise(() => once(writer, "exit"))
      assert.isAbove(floods, 0)
      assert.isAtMost(most, MAX_EVENTS_PER_TURN)
      yield* until("all three", SEEN_MS, () => {
        fs.writeFileSync(behind, "")
        return told.size === 3 ? true : undefined
      })
    }).pipe(Effect.provide(NodeFileWatcher.layer))
  )

  it.live("of something that an ordinary user must not read is refused", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const { watch } = yield* FileWatcher
      const make =
        "mkdir unlisted unsearched; touch unlisted/f unsearched/f f; chmod 333 unlisted; chmod 444 unsearched; chmod 200 f"
      execFileSync("sh", ["-c", make], { cwd: directory })
      giveAway(directory)
      const at = (name: string) => path.join(directory, name)
      const seen: Array<string> = []
      yield* unprivileged(
        Effect.gen(function* () {
          for (const name of ["unlisted", "unlisted/none", "unsearched/f", "unsearched/none"]) {
            const error = yield* Effect.flip(watch(at(name), onChange(assert.fail)))
            assert.deepInclude(
              error,
              { _tag: "SystemRefusal", text: "Permission denied (os error 13)" },
              name
            )
          }
          // known by its directory, and by itself
          yield* watch(
            at("f"),
            onChange((path) => seen.push(path))
          )
          yield* watch(
            at("unlisted/f"),
            onChange((path) => seen.push(path))
          )
        })
      )
      fs.writeFileSync(at("f"), "x")
      fs.writeFileSync(at("unlisted/f"), "x")
      yield* until("both", SEEN_MS, () => (new Set(seen).size === 2 ? true : undefined))
      execFileSync("chmod", ["-R", "u+rwx", directory])
    }).pipe(Effect.provide(NodeFileWatcher.layer))
  )
})
