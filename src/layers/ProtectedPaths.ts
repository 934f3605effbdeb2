/**
 * What stays as it is within writable roots: what is there decides about what runs outside of the sandbox, or how
 * far the next command is confined.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import * as RealPath from "./RealPath.ts"

/** At the top of each root these cannot be written, existing or not (measured on Codex 0.169.0). */
export const PROTECTED_NAMES: ReadonlyArray<string> = [".git", ".agents", ".codex", ".aws"]

export interface Protected {
  /** What is there. */
  readonly present: ReadonlyArray<string>
  /** What is not, in a directory that is. */
  readonly missing: ReadonlyArray<string>
}

const firstLine = (file: string, pattern: RegExp): string | undefined => {
  try {
    return pattern.exec(fs.readFileSync(file, "utf8"))?.[1]
  } catch {
    return undefined
  }
}

/**
 * The directories behind a `.git` file, as worktrees and submodules have it: its own, and the one that it shares,
 * where the hooks are (gitrepository-layout(5)).
 */
const gitDirectories = (file: string): ReadonlyArray<string> => {
  const target = firstLine(file, /^gitdir: (.+)/)
  const own = target && RealPath.resolve(path.resolve(path.dirname(file), target))?.real
  if (!own) return []
  const shared = firstLine(path.join(own, "commondir"), /^(.+)/)
  const common = shared && RealPath.resolve(path.resolve(own, shared))?.real
  return common ? [own, common] : [own]
}

const isDirectory = (file: string) => fs.statSync(file, { throwIfNoEntry: false })?.isDirectory() === true

/**
 * What is to be protected in these roots, or the first thing that cannot be: a symbolic link, for it could be
 * replaced. What is a root itself is meant to be written.
 *
 * @param further paths that are protected wherever they are in a root
 * @param standsIn whether a directory is there only because somebody protects that path already
 */
export const find = (
  roots: ReadonlyArray<string>,
  further: ReadonlyArray<string>,
  standsIn: (file: string) => boolean
): Protected | { readonly problem: string } => {
  const present = new Set<string>()
  const missing = new Set<string>()
  const inRoots = (file: string) => roots.some((root) => RealPath.isWithin(file, root))
  const named = roots
    .filter(isDirectory)
    .flatMap((root) => PROTECTED_NAMES.map((name) => path.join(root, name)))
  for (const file of [...named, ...further.filter(inRoots)]) {
    if (roots.includes(file)) continue
    const stat = fs.lstatSync(file, { throwIfNoEntry: false })
    if (stat === undefined || standsIn(file)) {
      if (isDirectory(path.dirname(file))) missing.add(file)
      continue
    }
    if (stat.isSymbolicLink()) {
      return {
        problem: `${file} must stay as it is, but is a symbolic link in a writable directory; replace the link by what it points to`
      }
    }
    present.add(file)
    if (!stat.isFile() || path.basename(file) !== ".git") continue
    for (const git of gitDirectories(file)) if (inRoots(git) && !roots.includes(git)) present.add(git)
  }
  return { present: [...present], missing: [...missing] }
}
