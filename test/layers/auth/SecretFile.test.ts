import * as ChildProcess from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as SecretFile from "../../../src/layers/auth/SecretFile.ts"
import { temporaryDirectory } from "../../support/harness.ts"

/** What was read, or the error; and the warnings. */
const read = (file: string) =>
  Effect.gen(function* () {
    const warnings: Array<string> = []
    const logger = Logger.make(({ message }) => void warnings.push(String(message)))
    const text = yield* SecretFile.read(file).pipe(
      Effect.catch(({ message }) => Effect.succeed(`Error: ${message}`)),
      Effect.provide(Logger.layer([logger]))
    )
    return { text, warnings }
  })

/** In a directory of its own. */
const secret = Effect.fnUntraced(function* (mode: number, content: string | Uint8Array = " canary \n") {
  const directory = yield* temporaryDirectory
  const file = path.join(directory, "secret")
  fs.writeFileSync(file, content)
  fs.chmodSync(file, mode)
  return { directory, file }
})

const writable = (file: string) =>
  `Error: websocket auth secret ${file} can be written by others; run \`chmod 600 ${file}\``
const replaceable = (file: string, directory: string) =>
  `Error: websocket auth secret ${file} can be replaced by others, for ${directory} can be written by them; run \`chmod go-w ${directory}\``

describe("a secret file", () => {
  it.effect.each([0o600, 0o400, 0o700, 0o611])("of mode %o is read, without the blanks around", (mode) =>
    Effect.gen(function* () {
      const { file } = yield* secret(mode)
      assert.deepStrictEqual(yield* read(file), { text: "canary", warnings: [] })
    })
  )

  it.effect.each([0o640, 0o604, 0o644, 0o444])("of mode %o that others can read makes one warning", (mode) =>
    Effect.gen(function* () {
      const { file } = yield* secret(mode)
      assert.deepStrictEqual(yield* read(file), {
        text: "canary",
        warnings: [`websocket auth secret ${file} can be read by others; run \`chmod 600 ${file}\``]
      })
    })
  )

  it.effect.each([0o620, 0o602, 0o666, 0o777, 0o622])("of mode %o that others can write is refused", (mode) =>
    Effect.gen(function* () {
      const { file } = yield* secret(mode)
      assert.deepStrictEqual(yield* read(file), { text: writable(file), warnings: [] })
    })
  )

  it.effect.each([0o777, 0o770, 0o702])("in a directory of mode %o can be replaced", (mode) =>
    Effect.gen(function* () {
      const { directory, file } = yield* secret(0o600)
      fs.chmodSync(directory, mode)
      assert.strictEqual((yield* read(file)).text, replaceable(file, directory))
    })
  )

  it.effect("in a shared directory where each has files of his own is read", () =>
    Effect.gen(function* () {
      const { directory, file } = yield* secret(0o600)
      fs.chmodSync(directory, 0o1777)
      assert.deepStrictEqual(yield* read(file), { text: "canary", warnings: [] })
    })
  )

  it.effect("behind links is judged by itself, and by the directory of each link", () =>
    Effect.gen(function* () {
      const { file } = yield* secret(0o600)
      const links = yield* temporaryDirectory
      const between = path.join(links, "between")
      fs.mkdirSync(between)
      const [first, second] = [path.join(links, "first"), path.join(between, "second")]
      fs.symlinkSync(file, second)
      fs.symlinkSync("between/second", first)
      assert.deepStrictEqual(yield* read(first), { text: "canary", warnings: [] })
      fs.chmodSync(between, 0o777)
      assert.strictEqual((yield* read(first)).text, replaceable(first, between))
      fs.chmodSync(between, 0o755)
      fs.chmodSync(file, 0o606)
      assert.strictEqual((yield* read(first)).text, writable(first))
      fs.chmodSync(file, 0o600)
      fs.chmodSync(path.dirname(file), 0o777)
      assert.strictEqual((yield* read(first)).text, replaceable(first, path.dirname(file)))
    })
  )

  it.effect("is a path for a shell in the advice", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const file = path.join(directory, "it's $HOME")
      fs.writeFileSync(file, "x", { mode: 0o600 })
      fs.chmodSync(file, 0o666)
      const { text } = yield* read(file)
      const command = /`(.*)`$/.exec(text)![1]!
      ChildProcess.execFileSync("sh", ["-c", command])
      assert.strictEqual(fs.statSync(file).mode & 0o777, 0o600)
    })
  )

  it.effect("says why it cannot be read, and nothing of what is in it", () =>
    Effect.gen(function* () {
      const { directory, file } = yield* secret(0o600, Buffer.from("\xffcanary", "latin1"))
      const failed = (file: string, why: string) =>
        `Error: failed to read websocket auth secret ${file}: ${why}`
      assert.strictEqual((yield* read(file)).text, failed(file, "stream did not contain valid UTF-8"))
      assert.strictEqual((yield* read(directory)).text, failed(directory, "Is a directory (os error 21)"))
      const missing = path.join(directory, "missing")
      assert.strictEqual(
        (yield* read(missing)).text,
        failed(missing, "No such file or directory (os error 2)")
      )
      for (const empty of ["", " \t\r\n"]) {
        fs.writeFileSync(file, empty)
        assert.strictEqual((yield* read(file)).text, `Error: websocket auth secret ${file} must not be empty`)
      }
    })
  )
})
