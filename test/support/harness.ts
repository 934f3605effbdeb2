/**
 * The built server as a child process, and clients that talk to it over real WebSockets. Every wait has a bound
 * and says what it saw instead.
 */
import * as ChildProcess from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { WebSocket } from "ws"

/** How long a client tries to connect, a read may take, and a silence is listened to. */
const CONNECT_MS = 10_000
const READ_MS = 5_000
const SILENCE_MS = 250

/** Whether the tests run in the mode with native calls; without them some guarantees are weaker. */
export const HAS_NATIVE = process.env["EFFECT_APP_SERVER_NATIVE"] !== "off"

const isInPath = (program: string) =>
  (process.env["PATH"] ?? "")
    .split(":")
    .some((directory) => directory.startsWith("/") && fs.existsSync(path.join(directory, program)))

/** Whether sandboxes can be tested, and whether any wait for their command. */
export const HAS_BUBBLEWRAP = isInPath("bwrap")
export const HAS_SPARES = HAS_BUBBLEWRAP && HAS_NATIVE && isInPath("dash")

export const MAIN = path.resolve(import.meta.dirname, "../../dist/main.js")

export class HarnessError extends Data.TaggedError("HarnessError")<{ readonly message: string }> {}

const fail = (message: string) => Effect.fail(new HarnessError({ message }))

export interface TestServer {
  readonly url: string
  readonly pid: number
  readonly codexHome: string
  /** A directory of the test's own, the server's working directory. */
  readonly cwd: string
  readonly stderr: () => string
  readonly stdout: () => string
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** The exit code, or the signal that killed it. */
  readonly exited: Effect.Effect<number | NodeJS.Signals, HarnessError>
}

export interface TestServerOptions {
  /** Content of config.toml; by default commands run without a sandbox. */
  readonly config?: string
  readonly args?: ReadonlyArray<string>
  /** By default a port of the system's choice on 127.0.0.1. */
  readonly listen?: string
  readonly env?: Readonly<Record<string, string>>
  /** What becomes the server: words before its own, such as those of `unshare`. */
  readonly through?: ReadonlyArray<string>
}

/** A directory that goes with the Scope. */
export const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "effect-app-server-")))),
  (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true, force: true }))
)

/** Starts the server on a port of the system's choice and waits for its banner. */
export const startServer = Effect.fnUntraced(function* (options: TestServerOptions = {}) {
  const directory = yield* temporaryDirectory
  const codexHome = path.join(directory, "home")
  const cwd = path.join(directory, "cwd")
  fs.mkdirSync(codexHome)
  fs.mkdirSync(cwd)
  fs.writeFileSync(
    path.join(codexHome, "config.toml"),
    options.config ?? 'sandbox_mode = "danger-full-access"\n'
  )
  const [program, ...words] = [...(options.through ?? []), process.execPath, MAIN] as [string, string]
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      ChildProcess.spawn(
        program,
        [...words, "--listen", options.listen ?? "ws://127.0.0.1:0", ...(options.args ?? [])],
        {
          cwd,
          env: {
            PATH: process.env["PATH"],
            HOME: directory,
            CODEX_HOME: codexHome,
            ...(HAS_NATIVE ? {} : { EFFECT_APP_SERVER_NATIVE: "off" }),
            ...options.env
          },
          stdio: ["ignore", "pipe", "pipe"]
        }
      )
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  const output = { stdout: "", stderr: "" }
  child.stdout.on("data", (bytes: Buffer) => (output.stdout += bytes.toString()))
  child.stderr.on("data", (bytes: Buffer) => (output.stderr += bytes.toString()))
  const exit = new Promise<number | NodeJS.Signals>((resolve) =>
    child.once("exit", (code, signal) => resolve(signal ?? code!))
  )
  const url = yield* until(
    "the banner",
    CONNECT_MS,
    () => /listening on: (\S+)/.exec(output.stderr)?.[1]
  ).pipe(
    Effect.mapError(
      () => new HarnessError({ message: `no banner within ${CONNECT_MS} ms:\n${output.stderr}` })
    )
  )
  const server: TestServer = {
    url,
    pid: child.pid!,
    codexHome,
    cwd,
    stderr: () => output.stderr,
    stdout: () => output.stdout,
    signal: (signal) => Effect.sync(() => child.kill(signal)),
    exited: within(
      "the exit",
      READ_MS,
      Effect.promise(() => exit)
    )
  }
  return server
})

/** Runs the program with these words to its end. */
export const runMain = (words: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
  Effect.callback<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>(
    (resume) => {
      ChildProcess.execFile(
        process.execPath,
        [MAIN, ...words],
        { env: { PATH: process.env["PATH"], HOME: os.tmpdir(), ...env }, timeout: READ_MS },
        (error, stdout, stderr) =>
          resume(
            Effect.succeed({
              code: error === null ? 0 : ((error.code as number | undefined) ?? null),
              stdout,
              stderr
            })
          )
      )
    }
  )

/** Waits until `probe` finds something. */
export const until = <A>(
  what: string,
  milliseconds: number,
  probe: () => A | undefined
): Effect.Effect<A, HarnessError> =>
  Effect.suspend(() => {
    const end = Date.now() + milliseconds
    const attempt: Effect.Effect<A, HarnessError> = Effect.suspend(() => {
      const found = probe()
      if (found !== undefined) return Effect.succeed(found)
      return Date.now() > end ? fail(`${what}: not within ${milliseconds} ms`) : Effect.delay(attempt, 10)
    })
    return attempt
  })

const within = <A, E, R>(what: string, milliseconds: number, effect: Effect.Effect<A, E, R>) =>
  Effect.timeoutOrElse(effect, {
    duration: milliseconds,
    orElse: () => fail(`${what}: not within ${milliseconds} ms`)
  })

/** A message of the server, as parsed. */
export interface Message {
  readonly id?: string | number
  readonly method?: string
  readonly params?: any
  readonly result?: any
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown }
  readonly emittedAtMs?: number
}

export class TestClient {
  readonly webSocket: WebSocket
  /** What came and was not asked for yet. */
  readonly inbox: Array<Message> = []
  closed: number | undefined
  #wake: Array<() => void> = []
  #lastId = 0

  constructor(webSocket: WebSocket) {
    this.webSocket = webSocket
    const wake = () => {
      for (const resume of this.#wake.splice(0)) resume()
    }
    webSocket.on("message", (data: Buffer) => {
      this.inbox.push(JSON.parse(data.toString()) as Message)
      wake()
    })
    webSocket.on("close", (code) => {
      this.closed = code
      wake()
    })
    webSocket.on("error", () => {})
  }

  sendText(text: string) {
    return Effect.sync(() => this.webSocket.send(text))
  }

  send(message: object) {
    return this.sendText(JSON.stringify(message))
  }

  /** The answer to the request of this id. */
  response(id: string | number, milliseconds = READ_MS) {
    return this.#take(
      `the answer to ${JSON.stringify(id)}`,
      (m) => m.method === undefined && m.id === id,
      milliseconds
    )
  }

  /** The next notification of this method. */
  notification(method: string, milliseconds = READ_MS) {
    return this.#take(`a ${method}`, (m) => m.method === method && m.id === undefined, milliseconds)
  }

  /** Both, in whatever order they come; a second one of either is a failure. */
  responseAndNotification(id: string | number, method: string) {
    return Effect.flatMap(
      Effect.all({ response: this.response(id), notification: this.notification(method) }),
      (both) => {
        const again = this.inbox.find((m) => (m.method === undefined ? m.id === id : m.method === method))
        return again === undefined ? Effect.succeed(both) : fail(`came twice: ${JSON.stringify(again)}`)
      }
    )
  }

  /** Fails if any message comes within 250 ms. */
  get silence() {
    return Effect.andThen(
      Effect.sleep(SILENCE_MS),
      Effect.suspend(() =>
        this.inbox.length === 0 ? Effect.void : fail(`expected silence, got ${JSON.stringify(this.inbox)}`)
      )
    )
  }

  /** Sends a request with an id of its own and gives the answer. */
  request(method: string, params: unknown, milliseconds = READ_MS) {
    const id = `r${++this.#lastId}`
    return Effect.andThen(this.send({ id, method, params }), this.response(id, milliseconds))
  }

  initialize(capabilities: object | null = { experimentalApi: true }) {
    return this.request("initialize", {
      clientInfo: { name: "test", title: null, version: "1" },
      capabilities
    })
  }

  /** The close code, when the connection is over. */
  get close() {
    return until("the close", READ_MS, () => this.closed)
  }

  /** Waits for the next message, whatever it is. */
  get next() {
    return this.#take("a message", () => true, READ_MS)
  }

  #take(what: string, fits: (message: Message) => boolean, milliseconds: number) {
    const next = Effect.callback<void>((resume) => {
      this.#wake.push(() => resume(Effect.void))
    })
    const attempt: Effect.Effect<Message, HarnessError> = Effect.suspend(() => {
      const at = this.inbox.findIndex(fits)
      if (at >= 0) return Effect.succeed(this.inbox.splice(at, 1)[0]!)
      return this.closed === undefined
        ? Effect.andThen(next, attempt)
        : fail(`${what}: closed with ${this.closed}`)
    })
    return within(what, milliseconds, attempt).pipe(
      Effect.mapError(
        (error) =>
          new HarnessError({
            message: `${error.message}; inbox: ${JSON.stringify(this.inbox).slice(0, 1000)}`
          })
      )
    )
  }
}

/** Opens a WebSocket to the server, trying again for up to 10 s. */
export const connect = (
  url: string,
  headers: Readonly<Record<string, string>> = {}
): Effect.Effect<TestClient, HarnessError, Scope.Scope> =>
  Effect.gen(function* () {
    const end = Date.now() + CONNECT_MS
    for (;;) {
      const client = yield* Effect.callback<TestClient | undefined>((resume) => {
        const webSocket = new WebSocket(url, { headers, perMessageDeflate: false })
        const client = new TestClient(webSocket)
        webSocket.once("open", () => resume(Effect.succeed(client)))
        webSocket.once("error", () => resume(Effect.succeed(undefined)))
      })
      if (client !== undefined) {
        yield* Effect.addFinalizer(() => Effect.sync(() => client.webSocket.terminate()))
        return client
      }
      if (Date.now() > end) return yield* fail(`no connection to ${url} within ${CONNECT_MS} ms`)
      yield* Effect.sleep(50)
    }
  })

/** A server and one client that has shaken hands. */
export const conversation = Effect.fnUntraced(function* (options: TestServerOptions = {}) {
  const server = yield* startServer(options)
  const client = yield* connect(server.url)
  yield* client.initialize()
  return { server, client }
})
