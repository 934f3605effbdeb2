/** The configuration over a socket: who writes what, what is refused how, and what a start makes of it. */
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import {
  connect,
  conversation,
  runMain,
  startServer,
  temporaryDirectory,
  type TestClient
} from "../support/harness.ts"

const WRITES = 20

const write = (client: TestClient, keyPath: string, value: unknown, more: object = {}) =>
  client.request("config/value/write", { keyPath, value, mergeStrategy: "replace", ...more })

describe("config/value/write and config/batchWrite", () => {
  it.live("change the file, and the next read", () =>
    Effect.gen(function* () {
      const { client, server } = yield* conversation({ config: "# mine\n\nmodel = 'm1' # why\n" })
      const file = path.join(server.codexHome, "config.toml")
      const { result } = yield* write(client, "model", "m2")
      assert.deepInclude(result, { status: "ok", filePath: file, overriddenMetadata: null })
      assert.match(fs.readFileSync(file, "utf8"), /^# mine\n\nmodel = .m2. # why\n$/)
      const { config, layers } = (yield* client.request("config/read", { includeLayers: true })).result
      assert.strictEqual(config.model, "m2")
      assert.strictEqual(layers[0].version, result.version)
      const batch = yield* client.request("config/batchWrite", {
        edits: [{ keyPath: "model", value: null, mergeStrategy: "upsert" }],
        expectedVersion: result.version,
        reloadUserConfig: true
      })
      assert.strictEqual(batch.result.status, "ok")
      assert.strictEqual(fs.readFileSync(file, "utf8"), "# mine\n")
    })
  )

  it.live("are refused with a code for programs", () =>
    Effect.gen(function* () {
      const { client } = yield* conversation({ config: "" })
      const refused = (code: string, message: string) => ({
        code: -32600,
        message,
        data: { config_write_error_code: code }
      })
      assert.deepStrictEqual(
        (yield* write(client, "model", "m", { filePath: "/tmp/other.toml" })).error,
        refused("configLayerReadonly", "Only writes to the user config are allowed")
      )
      assert.deepStrictEqual(
        (yield* write(client, "model", "m", { expectedVersion: "sha256:00" })).error,
        refused(
          "configVersionConflict",
          "Configuration was modified since last read. Fetch latest version and retry."
        )
      )
      assert.deepStrictEqual(
        (yield* write(client, "", "m")).error,
        refused("configValidationError", "keyPath must not be empty")
      )
    })
  )

  it.live("of two clients at the same time lose nothing", () =>
    Effect.gen(function* () {
      const server = yield* startServer({ config: "# mine\n" })
      const clients = [yield* connect(server.url), yield* connect(server.url)]
      yield* Effect.forEach(clients, (client) => client.initialize())
      const writes = clients.flatMap((client, c) =>
        Array.from({ length: WRITES }, (_, i) => write(client, `client_${c}.key_${i}`, i))
      )
      const answers = yield* Effect.all(writes, { concurrency: "unbounded" })
      for (const { result } of answers) assert.strictEqual(result.status, "ok")
      const { layers } = (yield* clients[0]!.request("config/read", { includeLayers: true })).result
      const written = Object.fromEntries(Array.from({ length: WRITES }, (_, i) => [`key_${i}`, i]))
      assert.deepStrictEqual(layers[0].config, { client_0: written, client_1: written })
      const text = fs.readFileSync(path.join(server.codexHome, "config.toml"), "utf8")
      assert.include(text, "# mine\n")
      assert.notInclude(fs.readdirSync(server.codexHome).join(), ".tmp")
    })
  )
})

describe("the start", () => {
  it.live("tells each client of keys that nobody knows", () =>
    Effect.gen(function* () {
      const { client, server } = yield* conversation({ config: "zz = 1\n", args: ["-c", "yy=1"] })
      const { params } = yield* client.notification("configWarning")
      assert.deepStrictEqual(params, {
        summary: `Codex is ignoring 2 unrecognized configuration settings. Check for typos or deprecated settings.\n  session-flags: \`yy\` is ignored.\n  user (${server.codexHome}/config.toml): \`zz\` is ignored.`,
        details: null
      })
      assert.include(server.stderr(), "unrecognized configuration settings")
    })
  )

  it.live("fails with --strict-config where a key is unknown or a value wrong", () =>
    Effect.gen(function* () {
      const home = yield* temporaryDirectory
      const problem = (config: string, ...words: ReadonlyArray<string>) => {
        fs.writeFileSync(path.join(home, "config.toml"), config)
        return Effect.map(
          runMain(["--listen", "ws://127.0.0.1:0", "--strict-config", ...words], { CODEX_HOME: home }),
          ({ code, stderr }) => {
            assert.strictEqual(code, 1)
            return stderr.replace(home, "HOME")
          }
        )
      }
      assert.strictEqual(
        yield* problem("zz = 1\n"),
        "Error: HOME/config.toml:1:1: unknown configuration field `zz`\n"
      )
      assert.strictEqual(
        yield* problem("model = 5\n"),
        "Error: HOME/config.toml:1:9: invalid type: integer `5`, expected a string\n"
      )
      assert.strictEqual(
        yield* problem("", "-c", "foo.bar=1"),
        "Error: unknown configuration field `foo` in -c/--config override\n"
      )
    })
  )
})
