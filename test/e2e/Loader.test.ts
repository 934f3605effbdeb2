/** The program starts wherever it was installed, with what V8 has compiled of it and without. */
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { MAIN, conversation, temporaryDirectory } from "../support/harness.ts"

const DIST = path.dirname(MAIN)
const CODE_CACHE = `program-${process.version}-${process.arch}.cache`
const FILES = ["main.js", "program.js", "package.json", CODE_CACHE]

/** Says what V8 thinks of the code cache. */
const WITNESS = `const vm = require("node:vm")
vm.Script = class extends vm.Script {
  constructor(...args) {
    super(...args)
    process.stderr.write(\`rejected: \${this.cachedDataRejected}\\n\`)
  }
}
`

/** A copy of the program in a package below `place`, with a link to it as npm makes them. */
const install = Effect.fnUntraced(function* (place = "app") {
  const root = path.join(yield* temporaryDirectory, place)
  const dist = path.join(root, "node_modules/effect-app-server/dist")
  fs.mkdirSync(dist, { recursive: true })
  for (const file of FILES) fs.copyFileSync(path.join(DIST, file), path.join(dist, file))
  for (const name of ["koffi", "@koromix", "node-pty"]) {
    const found = path.resolve(DIST, "../node_modules", name)
    if (fs.existsSync(found)) fs.symlinkSync(found, path.join(root, "node_modules", name))
  }
  const bin = path.join(root, "node_modules/.bin/effect-app-server")
  fs.mkdirSync(path.dirname(bin))
  fs.symlinkSync("../effect-app-server/dist/main.js", bin)
  const witness = path.join(yield* temporaryDirectory, "witness.cjs")
  fs.writeFileSync(witness, WITNESS)
  return { bin, cache: path.join(dist, CODE_CACHE), witness }
})

/** Runs a command on pipes and one on a terminal, which both need parts that are found beside the program. */
const serves = Effect.fnUntraced(function* (main: string, nodeOptions: string) {
  const { client, server } = yield* conversation({ main, env: { NODE_OPTIONS: nodeOptions } })
  const piped = yield* client.request("command/exec", { command: ["echo", "piped"] })
  assert.strictEqual(piped.result.stdout, "piped\n")
  const params = { command: ["echo", "typed"], tty: true, processId: "terminal" }
  assert.strictEqual((yield* client.request("command/exec", params)).result.exitCode, 0)
  assert.notMatch(server.stderr(), /cannot run on terminals/)
  return /rejected: (\w+)/.exec(server.stderr())?.[1]
})

describe("the installed program", () => {
  for (const place of ["app", "a place/mit Ümlaut/日本"]) {
    it.live(`starts through npm's link from "${place}", with what is compiled`, () =>
      Effect.gen(function* () {
        const { bin, witness } = yield* install(place)
        assert.strictEqual(yield* serves(bin, `--require ${witness}`), "false")
      })
    )
  }

  it.live("starts without what is compiled, and does not write it", () =>
    Effect.gen(function* () {
      const { bin, cache, witness } = yield* install()
      fs.rmSync(cache)
      assert.strictEqual(yield* serves(bin, `--require ${witness}`), "undefined")
      assert.isFalse(fs.existsSync(cache))
    })
  )

  const spoiled: ReadonlyArray<readonly [what: string, spoil: (bytes: Buffer) => Buffer]> = [
    ["empty", () => Buffer.alloc(0)],
    ["cut off", (bytes) => bytes.subarray(0, bytes.length / 2)],
    ["of another V8", (bytes) => Buffer.concat([bytes.subarray(0, 4), Buffer.alloc(8), bytes.subarray(12)])]
  ]
  for (const [what, spoil] of spoiled) {
    it.live(`starts, without a word, if what is compiled is ${what}`, () =>
      Effect.gen(function* () {
        const { bin, cache, witness } = yield* install()
        const before = spoil(fs.readFileSync(cache))
        fs.writeFileSync(cache, before)
        assert.strictEqual(yield* serves(bin, `--require ${witness}`), "true")
        assert.isTrue(fs.readFileSync(cache).equals(before))
      })
    )
  }

  it.live("starts with flags of V8 for which it was not compiled", () =>
    Effect.gen(function* () {
      const { bin, witness } = yield* install()
      assert.strictEqual(yield* serves(bin, `--interpreted-frames-native-stack --require ${witness}`), "true")
    })
  )
})
