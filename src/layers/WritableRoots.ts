/**
 * What of the file system a confined command may write: the roots that its rules name, without the directories in
 * them that are protected, and without the ways around by which commands could move a root or a protected directory.
 */
import * as fs from "node:fs"
import * as path from "node:path"

/** At the top of each root these cannot be written, existing or not: what is in them runs outside of the sandbox. */
export const PROTECTED_NAMES: ReadonlyArray<string> = [".git", ".agents", ".codex", ".aws"]

/** `path_resolution(7)`: more links than this are taken for a loop. */
const MAX_LINKS = 40

/** The mounts of one confined command; each path is its real one. */
export interface Plan {
  /** Writable, the roots that are in no other. */
  readonly roots: ReadonlyArray<string>
  /** Directories on the way from a root to one within it: as mount points they cannot be renamed. */
  readonly pins: ReadonlyArray<string>
  /** Protected. */
  readonly readOnly: ReadonlyArray<string>
  /** Protected, but not there: empty directories stand in for them. */
  readonly masks: ReadonlyArray<string>
}

export type Planned = { readonly plan: Plan } | { readonly problem: string }

const isWithin = (file: string, directory: string): boolean =>
  file === directory || file.startsWith(directory === "/" ? "/" : `${directory}/`)

/** The real path of `file`, and the links on the way; nothing where it does not exist. */
const resolve = (
  file: string
): { readonly real: string; readonly links: ReadonlyArray<string> } | undefined => {
  try {
    if (fs.realpathSync.native(file) === file) return { real: file, links: [] }
    const links: Array<string> = []
    const rest = file.split("/").filter(Boolean)
    let real = "/"
    for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
      const next = path.join(real, part)
      if (!fs.lstatSync(next).isSymbolicLink()) {
        real = next
        continue
      }
      if (links.push(next) > MAX_LINKS) return undefined
      const target = fs.readlinkSync(next)
      rest.unshift(...target.split("/").filter(Boolean))
      if (target.startsWith("/")) real = "/"
    }
    return { real, links }
  } catch {
    return undefined
  }
}

/** The directory that a `.git` file points to, as in worktrees and submodules (gitrepository-layout(5)). */
const gitDirectory = (file: string): string | undefined => {
  const target = /^gitdir: (.+)/.exec(fs.readFileSync(file, "utf8"))?.[1]
  return target && resolve(path.resolve(path.dirname(file), target))?.real
}

/** Knows the mounts of the commands that run now, for what one may change must not be trusted for another. */
export class WritableRoots {
  readonly #active = new Set<Plan>()
  /** How many commands have an empty directory standing there. */
  readonly #masks = new Map<string, number>()

  /** The mounts for these roots, or why they cannot be had. A root that does not exist is left out. */
  plan(wanted: ReadonlyArray<string>): Planned {
    const resolved = wanted.flatMap((root) => resolve(path.resolve(root)) ?? [])
    const roots = [...new Set(resolved.map(({ real }) => real))].sort()
    for (const link of resolved.flatMap(({ links }) => links)) {
      const holder = roots.find((root) => isWithin(link, root))
      if (holder !== undefined)
        return {
          problem: `the path of a writable root leads over the symbolic link ${link}, which commands can change since ${holder} is writable; name the directory that it points to`
        }
    }
    const top = roots.filter((root) => !roots.some((other) => other !== root && isWithin(root, other)))
    const movable = top.find((root) => !this.#stays(root))
    if (movable !== undefined)
      return {
        problem: `the writable root ${movable} lies where a command that is running with other rules could replace it; wait for that command, or give both the same roots`
      }
    return this.#protect(roots, top)
  }

  #protect(roots: ReadonlyArray<string>, top: ReadonlyArray<string>): Planned {
    const readOnly = new Set<string>()
    const masks = new Set<string>()
    for (const root of roots) {
      if (!fs.statSync(root, { throwIfNoEntry: false })?.isDirectory()) continue
      for (const name of PROTECTED_NAMES) {
        const file = path.join(root, name)
        if (roots.includes(file)) continue
        const stat = fs.lstatSync(file, { throwIfNoEntry: false })
        if (stat === undefined || this.#masks.has(file)) masks.add(file)
        else if (stat.isSymbolicLink())
          return {
            problem: `${file} must stay as it is, but is a symbolic link in the writable directory ${root}; replace the link by what it points to`
          }
        else readOnly.add(file)
        const git = stat?.isFile() === true && name === ".git" ? gitDirectory(file) : undefined
        if (git !== undefined && !roots.includes(git) && roots.some((other) => isWithin(git, other)))
          readOnly.add(git)
      }
    }
    const pins = roots
      .filter((root) => !top.includes(root))
      .flatMap((root) =>
        ancestors(
          root,
          top.find((other) => isWithin(root, other))!
        )
      )
      .filter((file) => !readOnly.has(file) && this.#stays(file))
    return { plan: { roots: top, pins: [...new Set(pins)], readOnly: [...readOnly], masks: [...masks] } }
  }

  /** Whether no running command could put something else in the place of `file`. */
  #stays(file: string): boolean {
    for (const { pins, roots } of this.#active) {
      if (!roots.includes(file) && !pins.includes(file) && roots.some((root) => isWithin(file, root)))
        return false
    }
    return true
  }

  begin(plan: Plan): void {
    this.#active.add(plan)
    for (const mask of plan.masks) this.#masks.set(mask, (this.#masks.get(mask) ?? 0) + 1)
  }

  /** The command and all within it have ended: what stood in is removed, where no other command needs it. */
  end(plan: Plan): void {
    this.#active.delete(plan)
    for (const mask of plan.masks) {
      const users = this.#masks.get(mask)! - 1
      if (users > 0) {
        this.#masks.set(mask, users)
        continue
      }
      this.#masks.delete(mask)
      try {
        fs.rmdirSync(mask)
      } catch {
        // somebody outside made use of it, or it was never made
      }
    }
  }
}

/** The directories from below `top` down to `file`. */
const ancestors = (file: string, top: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  for (let directory = file; directory !== top; directory = path.dirname(directory)) found.unshift(directory)
  return found
}
