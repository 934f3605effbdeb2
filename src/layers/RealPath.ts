/** Where a path leads, and over which symbolic links. */
import * as fs from "node:fs"
import * as path from "node:path"

/** `path_resolution(7)`: more links than this are taken for a loop. */
const MAX_LINKS = 40

export interface RealPath {
  readonly real: string
  /** The links on the way, each by the real path of its directory. */
  readonly links: ReadonlyArray<string>
}

/** Follows an absolute path; nothing where it does not exist. */
export const resolve = (file: string): RealPath | undefined => {
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

/** Whether `file` is `directory` or in it. */
export const isWithin = (file: string, directory: string): boolean =>
  file === directory || file.startsWith(directory === "/" ? "/" : `${directory}/`)

/** The directories from below `top` down to `file`. */
export const below = (top: string, file: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  for (let directory = file; directory !== top; directory = path.dirname(directory)) found.unshift(directory)
  return found
}
