/**
 * The examples do what they say, each in a process of its own, with the package as it is built and installed.
 * `06-test-your-client.ts` is a test, which Vitest runs itself.
 */
import * as ChildProcess from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { transform } from "esbuild"
import { hasCanary, sing } from "../support/canaries.ts"
import { attributesOf, collector } from "../support/collector.ts"
import { connect, startServer, temporaryDirectory, until } from "../support/harness.ts"

const ROOT = path.resolve(import.meta.dirname, "../..")
const RUN_MS = 20_000

const read = (...names: ReadonlyArray<string>) => fs.readFileSync(path.join(ROOT, ...names), "utf8")

/** A project of somebody who has installed the package and Effect. */
const project = Effect.map(temporaryDirectory, (directory) => {
  const modules = path.join(directory, "node_modules")
  fs.mkdirSync(modules)
  fs.symlinkSync(ROOT, path.join(modules, "effect-app-server"))
  for (const name of ["effect", "@effect"]) {
    fs.symlinkSync(path.join(ROOT, "node_modules", name), path.join(modules, name))
  }
  return directory
})

type Edit = readonly [from: string, to: string]

/** Starts an example with its port replaced by another, or by what stands for its URL. */
const start = Effect.fnUntraced(function* (name: string, ...edits: ReadonlyArray<Edit>) {
  const directory = yield* project
  const typeScript = edits.reduce((text, edit) => text.replace(...edit), read("examples", name))
  const { code } = yield* Effect.promise(() => transform(typeScript, { loader: "ts", format: "esm" }))
  const file = path.join(directory, "example.mjs")
  fs.writeFileSync(file, code)
  fs.mkdirSync(path.join(directory, "sources"))
  fs.writeFileSync(path.join(directory, "sources", "a.txt"), "first\n")
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      ChildProcess.spawn(process.execPath, [file], {
        cwd: directory,
        env: { ...process.env, HOME: directory },
        stdio: ["ignore", "pipe", "pipe"]
      })
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  let stdout = ""
  let stderr = ""
  child.stdout.on("data", (bytes: Buffer) => (stdout += bytes.toString().replaceAll("\r\n", "\n")))
  child.stderr.on("data", (bytes: Buffer) => (stderr += bytes.toString()))
  let ended: number | string | undefined
  child.on("close", (code, signal) => (ended = code ?? signal!))
  /** Waits until it has printed this, and gives what matched. */
  const prints = (pattern: RegExp) =>
    until(`${name} prints ${pattern}`, RUN_MS, () => pattern.exec(stdout) ?? undefined).pipe(
      Effect.mapError(({ message }) => `${message}: ${stdout}${stderr}`)
    )
  return {
    directory,
    prints,
    stop: Effect.sync(() => child.kill("SIGINT")),
    exit: until(`the end of ${name}`, RUN_MS, () => ended),
    output: () => `${stdout}${stderr}`
  }
})

const UNCHANGED = ["", ""] as const
const ANY_PORT = ["port: 4500", "port: 0"] as const

/** One that runs to its end by itself. */
const run = Effect.fnUntraced(function* (name: string, edit: Edit) {
  const { exit, output } = yield* start(name, edit)
  assert.strictEqual(yield* exit, 0, output())
  return output()
})

const hello = Effect.fnUntraced(function* (url: string) {
  const client = yield* connect(url)
  yield* client.initialize()
  const { result } = yield* client.request("command/exec", {
    command: ["echo", "hello"],
    sandboxPolicy: { type: "dangerFullAccess" }
  })
  assert.strictEqual(result.stdout, "hello\n")
})

describe("examples", () => {
  it.live("01-serve.ts", () =>
    Effect.gen(function* () {
      const { exit, prints, stop } = yield* start("01-serve.ts", ANY_PORT)
      const [, url] = yield* prints(/listening on (\S+)/)
      yield* hello(url!)
      yield* stop
      assert.strictEqual(yield* exit, 130)
    })
  )

  it.live("02-exec-in-process.ts", () =>
    Effect.gen(function* () {
      const printed = yield* run("02-exec-in-process.ts", UNCHANGED)
      assert.include(printed, "line 1\nline 2\nline 3\nexit code 3\n")
    })
  )

  it.live("03-mount-in-http-router.ts", () =>
    Effect.gen(function* () {
      const { exit, prints, stop } = yield* start("03-mount-in-http-router.ts", ANY_PORT)
      const [, host] = yield* prints(/http:\/\/([\d.:]+)/)
      yield* hello(`ws://${host}/codex`)
      const home = yield* Effect.promise(() => fetch(`http://${host}/`).then((answer) => answer.text()))
      assert.strictEqual(home, "my app")
      yield* stop
      assert.strictEqual(yield* exit, 130)
    })
  )

  it.live("04-custom-sandbox.ts", () =>
    Effect.gen(function* () {
      const printed = yield* run("04-custom-sandbox.ts", UNCHANGED)
      assert.match(printed, /^allowed\nrefused: .*rm is not on the list/m)
    })
  )

  it.live("05-watch-a-build.ts", () =>
    Effect.gen(function* () {
      const { url } = yield* startServer()
      const { directory, prints } = yield* start("05-watch-a-build.ts", ["ws://127.0.0.1:4500", url])
      yield* prints(/^\| building\n\| first\nbuilt\n/)
      fs.writeFileSync(path.join(directory, "sources", "broken.txt"), "second\n")
      yield* prints(/\| second\n[^]*failed with 1\n/)
    })
  )

  describe.each([
    ["07-run-a-command.ts", "1\n2\n3\n{ exitCode: 0, stdout: '', stderr: '' }\n"],
    ["08-without-effect.ts", "24 80\n{ exitCode: 0, stdout: '', stderr: '' }\n"]
  ])("%s", (name, output) => {
    it.live("runs", () =>
      Effect.gen(function* () {
        const { url } = yield* startServer()
        assert.strictEqual(yield* run(name, ["ws://127.0.0.1:4500", url]), output)
      })
    )
  })

  it.live("09-otlp.ts, and nothing of what clients send", () =>
    Effect.gen(function* () {
      const otlp = yield* collector
      const edits = [ANY_PORT, ["http://127.0.0.1:4318", otlp.url]] as const
      const { directory, exit, output, prints, stop } = yield* start("09-otlp.ts", ...edits)
      const [, url] = yield* prints(/listening on (\S+)/)
      const client = yield* connect(url!)
      yield* client.initialize()
      yield* sing(client, directory)
      yield* stop
      assert.strictEqual(yield* exit, 130, output()) // all is sent by then
      const spans = otlp.spans()
      const of = (method: string) => spans.filter(({ name }) => name === method)
      assert.strictEqual(of("initialize").length, 1)
      assert.strictEqual(of("_OTHER").length, 1)
      assert.isAbove(of("command/exec").length, 5)
      for (const span of spans) {
        const { "effect_app_server.outcome": outcome, ...attributes } = attributesOf(span)
        assert.isTrue(span.kind === 2 && span.parentSpanId === undefined, JSON.stringify(span)) // a server's, a root
        assert.match(outcome, /^(?:ok|-32\d{3})$/)
        const code = outcome === "ok" ? {} : { "rpc.response.status_code": outcome, "error.type": outcome }
        assert.deepStrictEqual(attributes, {
          "rpc.system.name": "jsonrpc",
          "rpc.method": span.name,
          "effect_app_server.connection": 1,
          ...code
        })
      }
      const metrics = otlp.metrics()
      const points = (name: string, kind: string) =>
        metrics.get(`effect_app_server_${name}`)[kind].dataPoints as ReadonlyArray<any>
      const execs = points("requests_total", "sum").find(
        (point) => attributesOf(point)["method"] === "command/exec"
      )
      assert.strictEqual(execs.asDouble, of("command/exec").length)
      assert.strictEqual(points("connections_total", "sum")[0].asDouble, 1)
      assert.isAbove(points("request_duration_seconds", "histogram").length, 5)
      assert.isTrue(otlp.logs().some(({ body }) => String(body.stringValue).startsWith("dropped a message")))
      for (const { body, url } of otlp.bodies) assert.isFalse(hasCanary(body), `${url}: ${body}`)
      assert.isFalse(hasCanary(output()), output())
    })
  )
})
