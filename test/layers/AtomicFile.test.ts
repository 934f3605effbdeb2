import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as AtomicFile from "../../src/layers/AtomicFile.ts"

const directory = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  return { fs, at: yield* fs.makeTempDirectoryScoped() }
})
const mode = (fs: FileSystem.FileSystem, file: string) =>
  Effect.map(fs.stat(file), (info) => info.mode & 0o7777)

layer(NodeServices.layer, { excludeTestServices: true })("AtomicFile.replace", (it) => {
  it.effect("makes a missing file, in missing directories, for its owner alone", () =>
    Effect.gen(function* () {
      const { at, fs } = yield* directory
      yield* AtomicFile.replace(`${at}/a/b/f`, "text")
      assert.strictEqual(yield* fs.readFileString(`${at}/a/b/f`), "text")
      assert.strictEqual(yield* mode(fs, `${at}/a/b/f`), 0o600)
      assert.deepStrictEqual(yield* fs.readDirectory(`${at}/a/b`), ["f"])
    })
  )

  it.effect("puts a new file in the place of the old one, with its permissions", () =>
    Effect.gen(function* () {
      const { at, fs } = yield* directory
      yield* fs.writeFileString(`${at}/f`, "old")
      yield* fs.chmod(`${at}/f`, 0o646)
      const before = yield* fs.open(`${at}/f`)
      yield* AtomicFile.replace(`${at}/f`, "new")
      assert.strictEqual(yield* fs.readFileString(`${at}/f`), "new")
      assert.strictEqual(yield* mode(fs, `${at}/f`), 0o646)
      // who had the old file open still reads the old text
      const bytes = yield* before.readAlloc(10)
      assert.strictEqual(new TextDecoder().decode(bytes._tag === "Some" ? bytes.value : undefined), "old")
    })
  )

  it.effect("follows symbolic links, also to what is missing", () =>
    Effect.gen(function* () {
      const { at, fs } = yield* directory
      yield* fs.makeDirectory(`${at}/d`)
      yield* fs.symlink("../real", `${at}/d/two`)
      yield* fs.symlink("two", `${at}/d/one`)
      for (const text of ["first", "second"]) {
        yield* AtomicFile.replace(`${at}/d/one`, text)
        assert.strictEqual(yield* fs.readLink(`${at}/d/one`), "two")
        assert.strictEqual(yield* fs.readLink(`${at}/d/two`), "../real")
        assert.strictEqual(yield* fs.readFileString(`${at}/real`), text)
      }
      assert.deepStrictEqual((yield* fs.readDirectory(at)).toSorted(), ["d", "real"])
      assert.deepStrictEqual((yield* fs.readDirectory(`${at}/d`)).toSorted(), ["one", "two"])
    })
  )

  it.effect("leaves nothing behind where it fails", () =>
    Effect.gen(function* () {
      const { at, fs } = yield* directory
      yield* fs.makeDirectory(`${at}/f`)
      yield* Effect.flip(AtomicFile.replace(`${at}/f`, "text"))
      assert.deepStrictEqual(yield* fs.readDirectory(at), ["f"])
      yield* fs.writeFileString(`${at}/g`, "file")
      yield* Effect.flip(AtomicFile.replace(`${at}/g/f`, "text"))
      assert.deepStrictEqual((yield* fs.readDirectory(at)).toSorted(), ["f", "g"])
    })
  )
})
