/**
 * One path under watch, whatever becomes of it. The system watches what is there, not paths; so what is at the path is
 * watched, and the directory that it is in, or the nearest one above that is there. When one of them comes, goes or is
 * replaced, all are looked for anew.
 */
import * as fs from "node:fs"
import * as path from "node:path"

/** The name under which a directory that is watched as `directory/.` tells what happens to itself. */
const SELF = "."
/** What the system calls the coming and going of names. */
const RENAME = "rename"
/** Codes of a path at which nothing can be, nothing is yet, or by now something else. */
const MISSING: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG", "EINVAL"])
/** Of a directory that appears, so many entries are told; who counts them notices that there may be more. */
const MAX_ENTRIES = 1001

/** Events that are looked at in one turn of the event loop, in some 15 ms: as long as more come, nothing else happens. */
export const MAX_EVENTS_PER_TURN = 4000
/** So long nothing is watched when there were more, and when the system refuses. */
const PAUSE_MS = { flood: 100, refusal: 10_000 }

type Listener = (event: string, name: string) => void

export interface PathWatchOptions {
  /** Something was made, changed, moved or removed. */
  readonly onChange: (path: string) => void
  /** More was changed than is looked at. */
  readonly onFlood: () => void
  /** The system refuses to watch on; it is asked again later. */
  readonly onLost: (error: unknown) => void
}

export class PathWatch {
  readonly #path: string
  readonly #options: PathWatchOptions
  /** The links that led here. */
  readonly #links: ReadonlyArray<string>
  #watchers: Array<fs.FSWatcher> = []
  /** Where the path leads, if it is a link. */
  #target: PathWatch | undefined
  /** What was there when it was last looked for. */
  #found: Found | undefined
  #again: NodeJS.Immediate | undefined
  #pause: NodeJS.Timeout | undefined

  /** Watches from now on. Throws an error with a code when the system refuses. */
  constructor(path: string, options: PathWatchOptions, links: ReadonlyArray<string> = []) {
    this.#path = path
    this.#options = options
    this.#links = links
    try {
      this.#watchAll()
    } catch (error) {
      this.close()
      throw error
    }
  }

  close(): void {
    clearImmediate(this.#again)
    clearTimeout(this.#pause)
    this.#again = this.#pause = undefined
    this.#taken()()
  }

  /** Takes all that is watched now out of sight, to be closed later. */
  #taken(): () => void {
    const watchers = this.#watchers.splice(0)
    const target = this.#target
    this.#target = undefined
    return () => {
      for (const watcher of watchers) watcher.close()
      target?.close()
    }
  }

  #watchAll(): void {
    // the directory first: what appears in it from now on is told
    const refused = this.#path === "/" ? undefined : this.#watchAbove()
    this.#found = lookAt(this.#path)
    try {
      if (this.#found !== undefined) return this.#watchFound(this.#found)
    } catch (error) {
      if (isMissing(error))
        this.#found = undefined // gone meanwhile, of which the directory tells
      // a file that is not for us to read; the directory tells of nearly all that happens to it
      else if (!isForbidden(error) || this.#found?.kind !== "other") throw error
    }
    if (refused !== undefined) throw refused
  }

  /** Watches the nearest directory above that is there. Gives why that is not possible. */
  #watchAbove(): unknown {
    let child = this.#path
    for (;;) {
      try {
        this.#watchParent(child)
      } catch (error) {
        if (!isMissing(error)) return error
        child = path.dirname(child)
        continue
      }
      // what was missing may have come in between
      if (child === this.#path || lookAt(child)?.kind !== "directory") return undefined
      this.#taken()()
      child = this.#path
    }
  }

  /** Watches the directory that something is in, for this alone. */
  #watchParent(child: string): void {
    const name = path.basename(child)
    this.#watchDirectory(path.dirname(child), (event, changed) => {
      if (changed === name && child === this.#path) this.#options.onChange(this.#path)
      if (event === RENAME && (changed === name || changed === SELF)) this.#lookAgain()
    })
  }

  #watchFound({ kind }: Found): void {
    switch (kind) {
      case "link":
        return this.#watchTarget()
      case "directory":
        return this.#watchDirectory(this.#path, (event, name) => {
          if (name !== SELF) this.#options.onChange(path.join(this.#path, name))
          else if (event === RENAME) this.#lookAgain()
          else this.#options.onChange(this.#path)
        })
      case "other":
        return this.#watch(this.#path, (event) => {
          this.#options.onChange(this.#path)
          if (event === RENAME) this.#lookAgain()
        })
    }
  }

  /** What happens where a link leads happens, as the client sees it, where the link is. */
  #watchTarget(): void {
    const target = path.resolve(fs.realpathSync(path.dirname(this.#path)), fs.readlinkSync(this.#path))
    const links = [...this.#links, this.#path]
    if (links.includes(target)) return // a circle leads nowhere
    const onChange = (changed: string) =>
      this.#options.onChange(path.join(this.#path, changed.slice(target.length)))
    this.#target = new PathWatch(target, { ...this.#options, onChange }, links)
  }

  #watchDirectory(directory: string, listener: Listener): void {
    // not by `join`, which removes the dot
    this.#watch(`${directory}/${SELF}`, listener)
  }

  #watch(file: string, listener: Listener): void {
    const watcher = fs.watch(file, (event, name) => {
      if (isFlood()) this.#stop(PAUSE_MS.flood)
      else if (name !== null) listener(event, name)
    })
    watcher.on("error", (error) => {
      this.#options.onLost(error)
      this.#stop(PAUSE_MS.refusal)
    })
    this.#watchers.push(watcher)
  }

  /** Goes on later. What changes meanwhile is told as one. */
  #stop(milliseconds: number): void {
    this.close()
    this.#options.onFlood()
    this.#pause = setTimeout(() => {
      this.#look()
      this.#options.onFlood()
    }, milliseconds)
  }

  /** Once for all that comes at once. */
  #lookAgain(): void {
    this.#again ??= setImmediate(() => this.#look())
  }

  #look(): void {
    this.#again = this.#pause = undefined
    const before = this.#found
    // closed only when the new ones watch, so that nothing is missed in between
    const close = this.#taken()
    try {
      this.#watchAll()
    } catch (error) {
      this.#options.onLost(error)
      this.#stop(PAUSE_MS.refusal)
    }
    close()
    if (before?.identity !== this.#found?.identity) this.#tellNew()
  }

  /** What came or went, and what is in it already: that may have come before it was under watch. */
  #tellNew(): void {
    this.#options.onChange(this.#path)
    if (this.#found?.kind !== "directory") return
    for (const name of firstEntries(this.#path)) this.#options.onChange(path.join(this.#path, name))
  }
}

let events = 0

/** Whether this event is one too many for this turn of the event loop, whoever watches. */
const isFlood = (): boolean => {
  if (events === 0) setImmediate(() => (events = 0))
  return ++events > MAX_EVENTS_PER_TURN
}

interface Found {
  readonly kind: "directory" | "link" | "other"
  /** Of a replacement it is another one. */
  readonly identity: string
}

const isForbidden = (error: unknown) => (error as NodeJS.ErrnoException).code === "EACCES"
const isMissing = (error: unknown) => MISSING.has((error as NodeJS.ErrnoException).code ?? "")

/** What is at a path, links not followed. */
const lookAt = (file: string): Found | undefined => {
  try {
    const stats = fs.lstatSync(file, { bigint: true })
    const kind = stats.isDirectory() ? "directory" : stats.isSymbolicLink() ? "link" : "other"
    return { kind, identity: `${stats.dev}:${stats.ino}:${stats.birthtimeNs}` }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

const firstEntries = (directory: string): ReadonlyArray<string> => {
  const names: Array<string> = []
  try {
    const opened = fs.opendirSync(directory)
    try {
      for (let entry = opened.readSync(); entry !== null && names.length < MAX_ENTRIES;) {
        names.push(entry.name)
        entry = opened.readSync()
      }
    } finally {
      opened.closeSync()
    }
  } catch {
    // gone again, or not for us to read
  }
  return names
}
