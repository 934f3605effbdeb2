/**
 * What files and directories are, in memory: names, links that are followed as path_resolution(7) says, and what each
 * `fs/*` method does to them, with its error.
 */
export type Node = Directory | RegularFile | Link
export interface Directory {
  readonly kind: "directory"
  readonly children: Map<string, Node>
}
export interface RegularFile {
  readonly kind: "file"
  content: string
  executable: boolean
}
export interface Link {
  readonly kind: "link"
  readonly target: string
}

/** The answer of a method: what it gives, or the code or text of its error. */
export type Answer = { readonly ok: unknown } | { readonly error: string }
const ok = (value: unknown = {}): Answer => ({ ok: value })
const failed = (error: string): Answer => ({ error })

/** As many links as Linux follows in one path. */
const MAX_LINKS = 40

interface Place {
  readonly parent: Directory
  readonly name: string
  /** Undefined where nothing is yet. */
  readonly node: Node | undefined
  /** Without links. */
  readonly path: ReadonlyArray<string>
}

const directory = (): Directory => ({ kind: "directory", children: new Map() })

export class FileModel {
  readonly root = directory()

  /** Where a path leads; its last name may be missing. */
  #find(path: string, followLast: boolean): Place | string {
    let links = 0
    const walk = (from: ReadonlyArray<string>, names: ReadonlyArray<string>): Place | string => {
      const at: Array<Directory> = [this.root]
      const where: Array<string> = []
      const descend = (name: string): Node | undefined => {
        const node = at.at(-1)!.children.get(name)
        if (node?.kind === "directory") {
          at.push(node)
          where.push(name)
        }
        return node
      }
      for (const name of from) descend(name)
      for (const [i, name] of names.entries()) {
        const isLast = i === names.length - 1
        if (name === "..") {
          at.pop()
          where.pop()
          if (isLast) {
            const parent = at.at(-2) ?? this.root
            return { parent, name: where.at(-1) ?? "", node: at.at(-1), path: [...where] }
          }
          continue
        }
        const parent = at.at(-1)!
        const node = parent.children.get(name)
        if (node?.kind === "link" && (!isLast || followLast)) {
          if (++links > MAX_LINKS) return "ELOOP"
          return walk(where, [...node.target.split("/"), ...names.slice(i + 1)])
        }
        if (isLast) return { parent, name, node, path: [...where, name] }
        if (node === undefined) return "ENOENT"
        if (node.kind !== "directory") return "ENOTDIR"
        descend(name)
      }
      return { parent: this.root, name: "", node: this.root, path: [] }
    }
    return walk([], path.split("/").filter(Boolean))
  }

  #node(path: string): Node | string {
    const place = this.#find(path, true)
    return typeof place === "string" ? place : (place.node ?? "ENOENT")
  }

  #isDirectory(path: string) {
    const node = this.#node(path)
    return typeof node !== "string" && node.kind === "directory"
  }

  link(path: string, target: string): Answer {
    return this.#make(path, { kind: "link", target })
  }

  #make(path: string, node: Node): Answer {
    const place = this.#find(path, false)
    if (typeof place === "string") return failed(place)
    if (place.node !== undefined) return failed("EEXIST")
    place.parent.children.set(place.name, node)
    return ok()
  }

  makeExecutable(path: string): void {
    const node = this.#node(path)
    if (typeof node !== "string" && node.kind === "file") node.executable = true
  }

  /** The file to write to, made if it is missing. */
  #open(path: string, executable: boolean): RegularFile | string {
    const place = this.#find(path, true)
    if (typeof place === "string") return place
    if (place.node?.kind === "directory") return "EISDIR"
    if (place.node !== undefined) return place.node as RegularFile
    const made: RegularFile = { kind: "file", content: "", executable }
    place.parent.children.set(place.name, made)
    return made
  }

  writeFile(path: string, content: string): Answer {
    const file = this.#open(path, false)
    if (typeof file === "string") return failed(file)
    file.content = content
    return ok()
  }

  readFile(path: string): Answer {
    const node = this.#node(path)
    if (typeof node === "string") return failed(node)
    return node.kind === "file" ? ok(node.content) : failed("not a file")
  }

  createDirectory(path: string, recursive: boolean): Answer {
    const made = this.#make(path, directory())
    if (!recursive || !("error" in made)) return made
    if (made.error !== "ENOENT") return this.#isDirectory(path) ? ok() : made
    const above = this.createDirectory(path.slice(0, path.lastIndexOf("/")), true)
    if ("error" in above) return above
    const again = this.#make(path, directory())
    return "error" in again && this.#isDirectory(path) ? ok() : again
  }

  getMetadata(path: string): Answer {
    const node = this.#node(path)
    if (typeof node === "string") return failed(node)
    const own = this.#find(path, false) as Place
    return ok({
      isDirectory: node.kind === "directory",
      isFile: node.kind === "file",
      isSymlink: own.node?.kind === "link"
    })
  }

  readDirectory(path: string): Answer {
    const node = this.#node(path)
    if (typeof node === "string") return failed(node)
    if (node.kind !== "directory") return failed("ENOTDIR")
    const place = this.#find(path, true) as Place
    return ok(
      [...node.children.keys()].sort().flatMap((name) => {
        const child = this.#node([...place.path, name].join("/"))
        return typeof child === "string" ? [] : [`${name} ${child.kind}`]
      })
    )
  }

  remove(path: string, recursive: boolean, force: boolean): Answer {
    const place = this.#find(path, false)
    const error = typeof place === "string" ? place : place.node === undefined ? "ENOENT" : undefined
    if (error !== undefined) return error === "ENOENT" && force ? ok() : failed(error)
    const { name, node, parent } = place as Place
    if (node?.kind === "directory" && !recursive && node.children.size > 0) return failed("ENOTEMPTY")
    parent.children.delete(name)
    return ok()
  }

  copy(source: string, destination: string, recursive: boolean): Answer {
    const place = this.#find(source, false)
    if (typeof place === "string") return failed(place)
    const { node } = place
    switch (node?.kind) {
      case undefined:
        return failed("ENOENT")
      case "link":
        return this.#make(destination, node)
      case "file":
        return this.#copyFile(node, destination)
      case "directory": {
        if (!recursive) return failed("needs recursive")
        const from = place.path.join("/")
        const to = this.#resolved(destination)
        if (`${to}/`.startsWith(`${from}/`)) return failed("into itself")
        const made = this.createDirectory(destination, true)
        return "error" in made ? made : this.#copyEntries(node, destination)
      }
    }
  }

  #copyFile(node: RegularFile, destination: string): Answer {
    const file = this.#open(destination, node.executable)
    if (typeof file === "string") return failed(file)
    if (file === node) return failed("onto itself")
    file.content = node.content
    file.executable = node.executable
    return ok()
  }

  #copyEntries(source: Directory, destination: string): Answer {
    // files before directories, and the first error in each of these; which of several it is nobody can know
    const errors = new Set<string>()
    for (const [name, node] of source.children) {
      if (node.kind === "directory") continue
      const to = `${destination}/${name}`
      const copied = node.kind === "link" ? this.#make(to, node) : this.#copyFile(node, to)
      if ("error" in copied) errors.add(copied.error)
    }
    if (errors.size > 0) return failed([...errors].sort().join(" or "))
    for (const [name, node] of source.children) {
      if (node.kind !== "directory") continue
      const to = `${destination}/${name}`
      const made = this.createDirectory(to, false)
      const copied = "error" in made && !this.#isDirectory(to) ? made : this.#copyEntries(node, to)
      if ("error" in copied) errors.add(copied.error)
    }
    return errors.size > 0 ? failed([...errors].sort().join(" or ")) : ok()
  }

  /** A path without links, as far as it is there. */
  #resolved(path: string): string {
    const place = this.#find(path, true)
    if (typeof place !== "string" && place.node !== undefined) return place.path.join("/")
    const cut = path.lastIndexOf("/")
    return `${this.#resolved(path.slice(0, cut))}/${path.slice(cut + 1)}`
  }
}
