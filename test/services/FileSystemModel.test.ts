/** Random requests on a temporary tree, and the same on a model of it. */
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { FileModel, type Answer, type Directory, type Node } from "../support/fileModel.ts"
import { withFiles, type Files } from "../support/files.ts"
import { RUNS } from "../support/runs.ts"

/** The tree is so deep in the directory of the test that no link leads out of that. */
const ABOVE = "x/y"

const Name = Schema.Literals(["a", "b"])
const Names = Schema.Array(Name).check(Schema.isMinLength(1), Schema.isMaxLength(3))
const Target = Schema.Literals(["a", "b", "a/b", "b/a/a", "../a", "../b/a", "../y/b", "none"])
const Flag = Schema.Boolean

const Request = Schema.Union([
  Schema.Struct({ act: Schema.Literal("link"), path: Names, target: Target }),
  Schema.Struct({ act: Schema.Literal("makeExecutable"), path: Names }),
  Schema.Struct({
    act: Schema.Literal("fs/writeFile"),
    path: Names,
    content: Schema.Literals(["", "1", "22", "333"])
  }),
  Schema.Struct({ act: Schema.Literal("fs/readFile"), path: Names }),
  Schema.Struct({ act: Schema.Literal("fs/createDirectory"), path: Names, recursive: Flag }),
  Schema.Struct({ act: Schema.Literal("fs/getMetadata"), path: Names }),
  Schema.Struct({ act: Schema.Literal("fs/readDirectory"), path: Names }),
  Schema.Struct({ act: Schema.Literal("fs/remove"), path: Names, recursive: Flag, force: Flag }),
  Schema.Struct({ act: Schema.Literal("fs/copy"), path: Names, to: Names, recursive: Flag })
])
type Request = typeof Request.Type

const Requests = Arbitrary.schema(Schema.Array(Request).check(Schema.isMinLength(10), Schema.isMaxLength(30)))

/** So that there is something to do something with. */
const PREPARED: ReadonlyArray<Request> = [
  { act: "fs/createDirectory", path: ["a", "a"], recursive: true },
  { act: "fs/writeFile", path: ["a", "b"], content: "22" },
  { act: "fs/writeFile", path: ["a", "a", "a"], content: "333" },
  { act: "link", path: ["a", "a", "b"], target: "a" }
]

const ERRORS: ReadonlyArray<readonly [pattern: RegExp, error: string]> = [
  [/os error 2\)/, "ENOENT"],
  [/os error 17\)/, "EEXIST"],
  [/os error 20\)/, "ENOTDIR"],
  [/os error 21\)/, "EISDIR"],
  [/os error 39\)/, "ENOTEMPTY"],
  [/os error 40\)/, "ELOOP"],
  [/is not a file$/, "not a file"],
  [/requires recursive/, "needs recursive"],
  [/copy a file to itself/, "onto itself"],
  [/descendants$/, "into itself"]
]

const named = (names: ReadonlyArray<string>) => `${ABOVE}/${names.join("/")}`

const inModel = (model: FileModel, request: Request): Answer => {
  const file = named(request.path)
  switch (request.act) {
    case "link":
      return model.link(file, request.target)
    case "makeExecutable":
      model.makeExecutable(file)
      return { ok: {} }
    case "fs/writeFile":
      return model.writeFile(file, request.content)
    case "fs/readFile":
      return model.readFile(file)
    case "fs/createDirectory":
      return model.createDirectory(file, request.recursive)
    case "fs/getMetadata":
      return model.getMetadata(file)
    case "fs/readDirectory":
      return model.readDirectory(file)
    case "fs/remove":
      return model.remove(file, request.recursive, request.force)
    case "fs/copy":
      return model.copy(file, named(request.to), request.recursive)
  }
}

/** The params of a request, and what of the result the model knows. */
const asked = (request: Exclude<Request, { readonly act: "link" | "makeExecutable" }>) => {
  const file = named(request.path)
  const same = (result: unknown) => result
  switch (request.act) {
    case "fs/writeFile":
      return [{ path: file, dataBase64: Buffer.from(request.content).toString("base64") }, same] as const
    case "fs/readFile":
      return [{ path: file }, (it: any) => Buffer.from(it.dataBase64, "base64").toString()] as const
    case "fs/createDirectory":
      return [{ path: file, recursive: request.recursive }, same] as const
    case "fs/getMetadata":
      return [
        { path: file },
        ({ isDirectory, isFile, isSymlink }: any) => ({ isDirectory, isFile, isSymlink })
      ] as const
    case "fs/readDirectory":
      return [
        { path: file },
        ({ entries }: any) =>
          entries.map((it: any) => `${it.fileName} ${it.isDirectory ? "directory" : "file"}`).sort()
      ] as const
    case "fs/remove":
      return [{ path: file, recursive: request.recursive, force: request.force }, same] as const
    case "fs/copy":
      return [
        { sourcePath: file, destinationPath: named(request.to), recursive: request.recursive },
        same
      ] as const
  }
}

const inReality = Effect.fnUntraced(function* (files: Files, request: Request) {
  if (request.act === "link" || request.act === "makeExecutable") {
    const file = files.at(named(request.path))
    try {
      if (request.act === "link") fs.symlinkSync(request.target, file)
      else if (fs.statSync(file).isFile()) fs.chmodSync(file, 0o755)
    } catch (error) {
      if (request.act === "link") return { error: (error as NodeJS.ErrnoException).code! }
    }
    return { ok: {} }
  }
  const [params, shown] = asked(request)
  const result = yield* files.ask(request.act, params)
  if (result.code === undefined) return { ok: shown(result) }
  return { error: ERRORS.find(([pattern]) => pattern.test(result.message))?.[1] ?? result.message }
})

const describeNode = (node: Node): unknown =>
  node.kind === "directory"
    ? Object.fromEntries([...node.children].sort().map(([name, child]) => [name, describeNode(child)]))
    : node.kind === "link"
      ? `-> ${node.target}`
      : `${node.content}${node.executable ? "*" : ""}`

const readNode = (file: string): Node => {
  const stats = fs.lstatSync(file)
  if (stats.isSymbolicLink()) return { kind: "link", target: fs.readlinkSync(file) }
  if (!stats.isDirectory()) {
    return { kind: "file", content: fs.readFileSync(file, "utf8"), executable: (stats.mode & 0o100) !== 0 }
  }
  const children = fs.readdirSync(file).map((name) => [name, readNode(path.join(file, name))] as const)
  return { kind: "directory", children: new Map(children) }
}

it.live.prop(
  "files and directories are after any requests what a model of them says, and so are the answers",
  [Requests],
  ([requests]) =>
    withFiles((files) =>
      Effect.gen(function* () {
        const model = new FileModel()
        model.createDirectory(ABOVE, true)
        yield* files.ask("fs/createDirectory", { path: ABOVE })
        for (const request of [...PREPARED, ...requests]) {
          const expected = inModel(model, request)
          const answer = yield* inReality(files, request)
          if ("error" in expected && "error" in answer) {
            assert.include(expected.error.split(" or "), answer.error, JSON.stringify(request))
            // a copy that fails stops somewhere
            if (request.act === "fs/copy" && request.recursive) {
              const { children } = readNode(files.directory) as Directory
              model.root.children.clear()
              for (const [name, node] of children) model.root.children.set(name, node)
            }
          } else {
            assert.deepStrictEqual(answer, expected, JSON.stringify(request))
          }
          assert.deepStrictEqual(
            describeNode(readNode(files.directory)),
            describeNode(model.root),
            JSON.stringify(request)
          )
        }
      })
    ),
  { timeout: 3_600_000, arbitrary: { runs: RUNS } }
)
