/** What clients get of large files when they do not read. */
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { SMALL_FILE_BYTES } from "../../src/services/FileSystem.ts"
import { temporaryDirectory, until } from "../support/harness.ts"
import * as Scripted from "../support/scripted.ts"
import * as ScriptedSpawner from "../support/ScriptedSpawner.ts"

const LARGE = SMALL_FILE_BYTES + 1
const ANSWERED_MS = 5000

const joined = Effect.gen(function* () {
  const client = yield* Scripted.connect
  client.initialize(null)
  const answers = new Map<unknown, any>()
  const take = () => {
    for (const { error, id, result } of client.taken()) answers.set(id, error?.message ?? result)
  }
  return {
    ...client,
    ask: (id: number, method: string, params: object) => client.send({ id, method, params }),
    /** What was answered, when so many were. */
    answered: (count: number) =>
      until(`${count} answers`, ANSWERED_MS, () => {
        take()
        return answers.size >= count ? answers : undefined
      })
  }
})

const size = ({ dataBase64 }: { readonly dataBase64: string }) => Buffer.from(dataBase64, "base64").length

describe("a client that does not read", () => {
  it.live("gets one large answer, and the next ones in their order when it reads", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const at = (name: string) => path.join(directory, name)
      fs.writeFileSync(at("large"), Buffer.alloc(LARGE))
      fs.writeFileSync(at("other"), Buffer.alloc(LARGE + 1))
      fs.writeFileSync(at("small"), Buffer.alloc(SMALL_FILE_BYTES))
      const { answered, ask, resume, stall } = yield* joined
      yield* stall
      ask(1, "fs/readFile", { path: at("large") })
      yield* answered(1)
      ask(2, "fs/readFile", { path: at("other") })
      ask(3, "fs/readDirectory", { path: directory })
      ask(4, "fs/writeFile", { path: at("other"), dataBase64: "" })
      ask(5, "fs/readFile", { path: at("small") })
      ask(6, "fs/getMetadata", { path: at("large") })
      const before = yield* answered(3)
      assert.deepStrictEqual([...before.keys()].sort(), [1, 5, 6])
      assert.strictEqual(size(before.get(5)), SMALL_FILE_BYTES)
      yield* resume
      const after = yield* answered(6)
      assert.strictEqual(size(after.get(2)), LARGE + 1, "read before it was written")
      assert.lengthOf(after.get(3).entries, 3)
      assert.strictEqual(fs.statSync(at("other")).size, 0)
    }).pipe(Effect.provide(Scripted.dispatcher(ScriptedSpawner.make())))
  )

  it.live("does not keep others from the file for which it waits", () =>
    Effect.gen(function* () {
      const file = path.join(yield* temporaryDirectory, "large")
      fs.writeFileSync(file, Buffer.alloc(LARGE))
      const slow = yield* joined
      yield* slow.stall
      for (const id of [1, 2, 3]) slow.ask(id, "fs/readFile", { path: file })
      yield* slow.answered(1)
      const other = yield* joined
      other.ask(1, "fs/readFile", { path: file })
      other.ask(2, "fs/writeFile", { path: file, dataBase64: "" })
      other.ask(3, "fs/readFile", { path: file })
      const answers = yield* other.answered(3)
      assert.deepStrictEqual([size(answers.get(1)), answers.get(2), size(answers.get(3))], [LARGE, {}, 0])
    }).pipe(Effect.provide(Scripted.dispatcher(ScriptedSpawner.make())))
  )
})

describe("a client that reads", () => {
  it.live("gets all it asks for, errors in between, and files of which the size is not known", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const file = path.join(directory, "large")
      fs.writeFileSync(file, Buffer.alloc(LARGE))
      const { answered, ask } = yield* joined
      for (let id = 0; id < 20; id++) {
        ask(id, "fs/readFile", { path: [file, "/proc/self/status", `${directory}/none`, directory][id % 4]! })
      }
      const answers = yield* answered(20)
      assert.strictEqual(size(answers.get(16)), LARGE)
      assert.isAbove(size(answers.get(17)), 0)
      assert.strictEqual(answers.get(18), "No such file or directory (os error 2)")
      assert.strictEqual(answers.get(19), `path \`${directory}\` is not a file`)
    }).pipe(Effect.provide(Scripted.dispatcher(ScriptedSpawner.make())))
  )
})
