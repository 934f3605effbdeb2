import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { PROTECTED_NAMES } from "../../src/layers/ProtectedPaths.ts"
import { WritableRoots, type Plan } from "../../src/layers/WritableRoots.ts"
import { temporaryDirectory } from "../support/harness.ts"

/** A tree below a directory of the test's own: names that end with a slash are directories, arrows are links. */
const tree = (base: string, ...entries: ReadonlyArray<string>) => {
  for (const entry of entries) {
    const [name, target] = entry.split(" -> ") as [string, string | undefined]
    const file = path.join(base, name)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    if (target !== undefined) fs.symlinkSync(target, file)
    else if (name.endsWith("/")) fs.mkdirSync(file, { recursive: true })
    else fs.writeFileSync(file, "")
  }
}

const test = (name: string, run: (base: string) => void) =>
  it.effect(name, () => Effect.scoped(Effect.map(temporaryDirectory, run)))

const planOf = (roots: WritableRoots, wanted: ReadonlyArray<string>): Plan => {
  const planned = roots.plan(wanted)
  if ("problem" in planned) throw new Error(planned.problem)
  return planned.plan
}

const problemOf = (roots: WritableRoots, wanted: ReadonlyArray<string>): string => {
  const planned = roots.plan(wanted)
  return "problem" in planned ? planned.problem : assert.fail(JSON.stringify(planned.plan))
}

describe("WritableRoots", () => {
  test("takes each root by its real path, once, and leaves out what does not exist", (base) => {
    tree(base, "real/", "link -> real")
    const plan = planOf(new WritableRoots(), [
      `${base}/link`,
      `${base}/real/../real/.`,
      `${base}/missing`,
      `${base}/link`
    ])
    assert.deepStrictEqual(plan.roots, [`${base}/real`])
  })

  test("stands empty directories in for what is protected and not there, and protects what is", (base) => {
    tree(base, "ws/.git/", "ws/.aws")
    const plan = planOf(new WritableRoots(), [`${base}/ws`])
    assert.sameMembers([...plan.readOnly], [`${base}/ws/.git`, `${base}/ws/.aws`])
    assert.sameMembers([...plan.masks], [`${base}/ws/.codex`, `${base}/ws/.agents`])
  })

  test("protects nothing within a root that is a file", (base) => {
    tree(base, "file")
    const { masks, readOnly, roots } = planOf(new WritableRoots(), [`${base}/file`])
    assert.deepStrictEqual({ roots, readOnly, masks }, { roots: [`${base}/file`], readOnly: [], masks: [] })
  })

  test("lets a protected directory be written that is named as a root itself", (base) => {
    tree(base, "ws/.git/")
    const { pins, readOnly } = planOf(new WritableRoots(), [`${base}/ws`, `${base}/ws/.git`])
    assert.notInclude(readOnly, `${base}/ws/.git`)
    assert.deepStrictEqual(pins, [`${base}/ws/.git`])
  })

  test("follows a .git file to its directory where commands could write that", (base) => {
    tree(base, "ws/.git", "repository/worktrees/one/", "away/")
    fs.writeFileSync(`${base}/ws/.git`, `gitdir: ${base}/repository/worktrees/one\n`)
    assert.include(planOf(new WritableRoots(), [base]).roots, base)
    assert.include(
      planOf(new WritableRoots(), [`${base}/ws`, `${base}/repository`]).readOnly,
      `${base}/repository/worktrees/one`
    )
    assert.notInclude(
      planOf(new WritableRoots(), [`${base}/ws`]).readOnly,
      `${base}/repository/worktrees/one`
    )
  })

  test("refuses a protected name that is a link, for the link itself could be replaced", (base) => {
    tree(base, "ws/elsewhere/", "ws/.git -> elsewhere")
    assert.match(
      problemOf(new WritableRoots(), [`${base}/ws`]),
      /\.git must stay as it is, but is a symbolic link/
    )
  })

  test("refuses a root behind a link that commands can change", (base) => {
    tree(base, "ws/", "target/", "ws/link -> ../target")
    const problem = problemOf(new WritableRoots(), [`${base}/ws`, `${base}/ws/link`])
    assert.include(problem, `leads over ${base}/ws/link`)
    assert.deepStrictEqual(planOf(new WritableRoots(), [`${base}/ws/link`]).roots, [`${base}/target`])
  })

  test("refuses a link in a circle as if it were not there", (base) => {
    tree(base, "a -> b", "b -> a")
    assert.deepStrictEqual(planOf(new WritableRoots(), [`${base}/a`]).roots, [])
  })

  test("keeps the directories between a root and one within it from being renamed", (base) => {
    tree(base, "out/of/ws/")
    const { pins, roots } = planOf(new WritableRoots(), [`${base}/out/of/ws`, base])
    assert.deepStrictEqual(roots, [base])
    assert.deepStrictEqual(pins, [`${base}/out`, `${base}/out/of`, `${base}/out/of/ws`])
  })

  test("trusts no directory that a running command with other rules could replace", (base) => {
    tree(base, "out/ws/")
    const roots = new WritableRoots()
    const wide = planOf(roots, [base])
    roots.begin(wide)
    const problem = "a command that is running with other rules"
    assert.include(problemOf(roots, [`${base}/out/ws`]), problem)
    assert.include(problemOf(roots, [base, `${base}/out/ws`]), problem)
    assert.deepStrictEqual(planOf(roots, [base]), wide)
    roots.end(wide)
    const both = planOf(roots, [base, `${base}/out/ws`])
    assert.deepStrictEqual(both.pins, [`${base}/out`, `${base}/out/ws`])
    roots.begin(both)
    assert.deepStrictEqual(planOf(roots, [base, `${base}/out/ws`]).pins, both.pins)
    assert.deepStrictEqual(planOf(roots, [`${base}/out/ws`]).roots, [`${base}/out/ws`])
  })

  test("keeps a command from moving what one that started before relies on", (base) => {
    tree(base, "out/ws/")
    const roots = new WritableRoots()
    const narrow = planOf(roots, [`${base}/out/ws`])
    roots.begin(narrow)
    const wide = planOf(roots, [base])
    assert.deepStrictEqual(wide.pins, [`${base}/out`, `${base}/out/ws`])
    roots.end(narrow)
    assert.deepStrictEqual(planOf(roots, [base]).pins, [])
  })

  test("remembers what commands could write, and follows no link in it", (base) => {
    tree(base, "ws/", "secret/")
    const roots = new WritableRoots()
    const plan = planOf(roots, [`${base}/ws`])
    roots.begin(plan)
    roots.end(plan)
    tree(base, "ws/build -> ../secret")
    assert.include(problemOf(roots, [`${base}/ws/build`]), `leads over ${base}/ws/build`)
    assert.include(problemOf(roots, [`${base}/ws/build/sub/..`]), `leads over ${base}/ws/build`)
    assert.deepStrictEqual(planOf(new WritableRoots(), [`${base}/ws/build`]).roots, [`${base}/secret`])
  })

  test("protects further paths wherever they are in a root, with the way to them", (base) => {
    tree(base, "home/codex/config.toml", "home/codex/work/tree/")
    const further = [`${base}/home/codex`, `${base}/missing`, `${base}/none/missing`]
    const roots = new WritableRoots(further)
    const plan = planOf(roots, [base])
    assert.deepStrictEqual(plan.readOnly, [`${base}/home/codex`])
    assert.deepStrictEqual(plan.pins, [`${base}/home`])
    assert.include(plan.masks, `${base}/missing`)
    assert.notInclude(plan.masks, `${base}/none/missing`)
    const nested = planOf(roots, [base, `${base}/home/codex/work/tree`])
    assert.deepStrictEqual(nested.pins, [`${base}/home`, `${base}/home/codex/work/tree`])
    assert.deepStrictEqual(planOf(roots, [`${base}/home/codex`]).readOnly, [])
  })

  test("protects the shared half of a repository, where the hooks are, with the way to both halves", (base) => {
    tree(base, "ws/", "main/.git/worktrees/one/", "main/.git/hooks/")
    fs.writeFileSync(`${base}/ws/.git`, `gitdir: ${base}/main/.git/worktrees/one\n`)
    fs.writeFileSync(`${base}/main/.git/worktrees/one/commondir`, "../..\n")
    const { pins, readOnly } = planOf(new WritableRoots(), [`${base}/ws`, base])
    assert.includeMembers([...readOnly], [`${base}/ws/.git`, `${base}/main/.git`])
    assert.includeMembers([...pins], [`${base}/ws`, `${base}/main`])
  })

  test("removes what stood in when the last command that needs it has ended", (base) => {
    const roots = new WritableRoots()
    const one = planOf(roots, [base])
    roots.begin(one)
    for (const mask of one.masks) fs.mkdirSync(mask)
    const other = planOf(roots, [base])
    assert.deepStrictEqual(other.masks, one.masks)
    roots.begin(other)
    roots.end(one)
    assert.sameMembers(fs.readdirSync(base), [...PROTECTED_NAMES])
    roots.end(other)
    assert.deepStrictEqual(fs.readdirSync(base), [])
  })

  test("leaves what somebody outside put into a directory that stood in", (base) => {
    const roots = new WritableRoots()
    const plan = planOf(roots, [base])
    roots.begin(plan)
    for (const mask of plan.masks) fs.mkdirSync(mask)
    tree(base, ".git/HEAD")
    assert.include(planOf(roots, [base]).masks, `${base}/.git`)
    roots.end(plan)
    assert.deepStrictEqual(fs.readdirSync(base), [".git"])
    assert.include(planOf(roots, [base]).readOnly, `${base}/.git`)
  })

  test("removes nothing from a directory that another one has replaced", (base) => {
    tree(base, "ws/", "other/.git/")
    const roots = new WritableRoots()
    const plan = planOf(roots, [`${base}/ws`])
    roots.begin(plan)
    fs.renameSync(`${base}/ws`, `${base}/away`)
    fs.symlinkSync("other", `${base}/ws`)
    roots.end(plan)
    assert.deepStrictEqual(fs.readdirSync(`${base}/other`), [".git"])
  })
})
