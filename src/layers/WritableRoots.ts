/**
 * What of the file system a confined command may write: the roots that its rules name, without what is protected in
 * them. Commands that run may move and replace whatever they can write, so nothing that another one relies on, by
 * its path, may be among that.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import * as MountTables from "./MountTables.ts"
import * as ProtectedPaths from "./ProtectedPaths.ts"
import { below, isWithin, resolve } from "./RealPath.ts"

/** The mounts of one confined command; each path is its real one. */
export interface Plan {
  /** Writable, the roots that are in no other. */
  readonly roots: ReadonlyArray<string>
  /** Writable directories that this or another command relies on: as mount points they cannot be renamed. */
  readonly pins: ReadonlyArray<string>
  /** Protected. */
  readonly readOnly: ReadonlyArray<string>
  /** Protected, but not there: empty directories stand in for them. */
  readonly masks: ReadonlyArray<string>
}

export type Planned = { readonly plan: Plan } | { readonly problem: string }

/** Roots that are remembered as having been writable; a server that has seen more is used for nothing but that. */
const MAX_REMEMBERED = 10_000

/** One directory, whatever its name is by now. */
const identity = (directory: string): string | undefined => {
  const stat = fs.lstatSync(directory, { throwIfNoEntry: false })
  return stat && `${stat.dev}:${stat.ino}`
}

interface Mask {
  /** How many commands have it. */
  users: number
  /** The directory that it is in. */
  readonly directory: string | undefined
}

/** Knows the mounts of the commands that run now, and what those before could write. */
export class WritableRoots {
  readonly #protected: ReadonlyArray<string>
  readonly #active = new Set<Plan>()
  readonly #writable = new Set<string>()
  readonly #masks = new Map<string, Mask>()

  /** @param further real paths that are protected wherever they are in a root */
  constructor(further: ReadonlyArray<string> = []) {
    this.#protected = further
  }

  /** The mounts for these roots, or why they cannot be had. A root that does not exist is left out. */
  plan(wanted: ReadonlyArray<string>): Planned {
    const resolved = wanted.flatMap((root) => resolve(path.resolve(root)) ?? [])
    const roots = [...new Set(resolved.map(({ real }) => real))].sort()
    const writable = [...roots, ...this.#writable]
    const link = resolved
      .flatMap(({ links }) => links)
      .find((link) => writable.some((root) => isWithin(link, root)))
    if (link !== undefined) {
      return {
        problem: `the path of a writable root leads over ${link}, a symbolic link that commands can make or change; name the directory that it points to`
      }
    }
    const found = ProtectedPaths.find(roots, this.#protected, (file) => this.#masks.has(file))
    if ("problem" in found) return found
    const { missing, present } = found
    const top = roots.filter((root) => !roots.some((other) => other !== root && isWithin(root, other)))
    const pins = this.#pins(roots, top, [...present, ...missing], present)
    const moved = [...top, ...pins].find((file) => !this.#stays(file))
    if (moved !== undefined) {
      return {
        problem: `${moved} lies where a command that is running with other rules could replace it; wait for that command, or give both the same writable roots`
      }
    }
    return { plan: { roots: top, pins, readOnly: present, masks: missing } }
  }

  /** The directories on the way to all that must stay, within these roots. */
  #pins(
    roots: ReadonlyArray<string>,
    top: ReadonlyArray<string>,
    kept: ReadonlyArray<string>,
    readOnly: ReadonlyArray<string>
  ): ReadonlyArray<string> {
    const others = [...this.#active].flatMap((plan) => plan.roots.concat(plan.pins))
    const pins = [...roots, ...kept.map((file) => path.dirname(file)), ...others].flatMap((file) => {
      const root = top.find((root) => isWithin(file, root))
      return root === undefined ? [] : below(root, file)
    })
    return [...new Set(pins)].filter(
      (file) =>
        roots.includes(file) ||
        (!readOnly.some((kept) => isWithin(file, kept)) && identity(file) !== undefined)
    )
  }

  /** Whether no running command could put something else in the place of `file`. */
  #stays(file: string): boolean {
    for (const { pins, readOnly, roots } of this.#active) {
      const holder = roots.find((root) => root !== file && isWithin(file, root))
      if (holder === undefined || pins.includes(file)) continue
      if (!readOnly.some((kept) => isWithin(file, kept))) return false
    }
    return true
  }

  begin(plan: Plan): void {
    this.#active.add(plan)
    for (const root of plan.roots) if (this.#writable.size < MAX_REMEMBERED) this.#writable.add(root)
    for (const file of plan.masks) {
      const mask = this.#masks.get(file) ?? { users: 0, directory: identity(path.dirname(file)) }
      mask.users++
      this.#masks.set(file, mask)
    }
  }

  /** The command and all within it have ended: what stood in is removed, where no other command needs it. */
  end(plan: Plan): void {
    this.#active.delete(plan)
    const unused = plan.masks.filter((file) => --this.#masks.get(file)!.users === 0)
    if (unused.length === 0) return
    // from there the kernel would take the mount of the command of another server
    const used = MountTables.mountPoints(unused)
    for (const file of unused) {
      const { directory } = this.#masks.get(file)!
      this.#masks.delete(file)
      // a command may have put another directory in the place of the one that it is in
      if (used.has(file) || identity(path.dirname(file)) !== directory) continue
      try {
        fs.rmdirSync(file)
      } catch {
        // somebody outside made use of it, or it was never made
      }
    }
  }
}
