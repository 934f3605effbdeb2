/**
 * The built server as a child process, and clients that talk to it over real WebSockets, pipes and unix sockets.
 * Every wait has a bound and says what it saw instead.
 */
import * as ChildProcess from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import type { Readable, Writable } from "node:stream"
import { StringDecoder } from "node:string_decoder"
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

/** Whether this machine has a program. */
export const isInPath = (program: string): boolean =>
  (process.env["PATH"] ?? "")
    .split(":")
    .some((directory) => directory.startsWith("/") && fs.existsSync(path.join(directory, program)))

/** Whether sandboxes can be tested, and whether any wait for their command. */
export const HAS_BUBBLEWRAP = isInPath("bwrap")
export const HAS_SPARES = HAS_BUBBLEWRAP && HAS_NATIVE && isInPath("dash")

export const MAIN = path.resolve(import.meta.dirname, "../../dist/main.js")
/** What it starts. */
export const PROGRAM = path.resolve(MAIN, "../program.js")

export class HarnessError extends Data.TaggedError("HarnessError")<{ readonly message: string }> {}

const fail = (message: string) => Effect.fail(new HarnessError({ message }))

export interface TestServer {
  /** For clients by WebSocket; `stdio://` for a server whose client holds its pipes. */
  readonly url: string
  readonly pid: number
  readonly codexHome: string
  /** A directory of the test's own, the server's working directory. */
  readonly cwd: string
  readonly stderr: () => string
  readonly stdout: () => string
  /** Our ends of its standard streams. */
  readonly pipes: { readonly stdin: Writable; readonly stdout: Readable; readonly stderr: Readable }
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** The exit code, or the signal that killed it. */
  readonly exited: Effect.Effect<number | NodeJS.Signals, HarnessError>
}

export interface TestServerOptions {
  /** Content of config.toml; by default commands run without a sandbox. */
  readonly config?: string
  readonly args?: ReadonlyArray<string>
  /** By default a port of the system's choice on 127.0.0.1. A relative path of a socket begins at `cwd`. */
  readonly listen?: string
  /** Where `unix://` is. */
  readonly socket?: string
  readonly env?: Readonly<Record<string, string>>
  /** The file to start; by default that of the build. */
  readonly main?: string
  /** What becomes the server: words before its own, such as those of `unshare`. */
  readonly through?: ReadonlyArray<string>
}

/** A directory that goes with the Scope. */
export const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "effect-app-server-")))),
  (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true, force: true }))
)

/** Where the clients of a server connect to, once they can. */
const urlOf = (listen: string, socket: string, stderr: () => string) => {
  if (listen.startsWith("stdio")) return Effect.succeed("stdio://")
  if (!listen.startsWith("unix://")) {
    return until("the banner", CONNECT_MS, () => /listening on: (\S+)/.exec(stderr())?.[1])
  }
  return until("the socket", CONNECT_MS, () => (fs.existsSync(socket) ? `ws+unix:${socket}:/` : undefined))
}

/** Starts the server and waits until clients can connect. */
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
  const listen = options.listen ?? "ws://127.0.0.1:0"
  const [program, ...words] = [...(options.through ?? []), process.execPath, options.main ?? MAIN] as [
    string,
    string
  ]
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      ChildProcess.spawn(program, [...words, "--listen", listen, ...(options.args ?? [])], {
        cwd,
        env: {
          PATH: process.env["PATH"],
          HOME: directory,
          CODEX_HOME: codexHome,
          ...(HAS_NATIVE ? {} : { EFFECT_APP_SERVER_NATIVE: "off" }),
          ...options.env
        },
        stdio: ["pipe", "pipe", "pipe"]
      })
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  const output = { stdout: "", stderr: "" }
  child.stdin.on("error", () => {}) // it may be gone
  child.stdout.on("data", (bytes: Buffer) => (output.stdout += bytes.toString()))
  child.stderr.on("data", (bytes: Buffer) => (output.stderr += bytes.toString()))
  const exit = new Promise<number | NodeJS.Signals>((resolve) =>
    child.once("exit", (code, signal) => resolve(signal ?? code!))
  )
  const socket = options.socket ?? path.resolve(cwd, listen.slice("unix://".length))
  const url = yield* urlOf(listen, socket, () => output.stderr).pipe(
    Effect.mapError(({ message }) => new HarnessError({ message: `${message}:\n${output.stderr}` }))
  )
  const server: TestServer = {
    url,
    pid: child.pid!,
    codexHome,
    cwd,
    stderr: () => output.stderr,
    stdout: () => output.stdout,
    pipes: child,
    signal: (signal) => Effect.sync(() => child.kill(signal)),
    exited: within(
      "the exit",
      READ_MS,
      Effect.promise(() => exit)
    )
  }
  return server
})

/** Runs the program with these words, and with nothing on its stdin, to its end. */
export const runMain = (words: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
  Effect.callback<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>(
    (resume) => {
      const child = ChildProcess.execFile(
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
      child.stdin!.end()
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

/** What came to one client and what it waits for; how messages travel is for those who extend it. */
export abstract class TestPeer {
  /** What came and was not asked for yet. */
  readonly inbox: Array<Message> = []
  /** The close code; 1005 where there are none. */
  closed: number | undefined
  #wake: Array<() => void> = []
  #lastId = 0

  /** Sends a text as one message. */
  abstract write(text: string): void
  /** Has no more to say. */
  abstract hangUp(): void
  /** Is gone without a word. */
  abstract vanish(): void
  /** Reads nothing until `resume`. */
  abstract pause(): void
  abstract resume(): void

  protected received(text: string) {
    this.inbox.push(JSON.parse(text) as Message)
    this.#wakeUp()
  }

  protected ended(code: number) {
    this.closed ??= code
    this.#wakeUp()
  }

  #wakeUp() {
    for (const resume of this.#wake.splice(0)) resume()
  }

  sendText(text: string) {
    return Effect.sync(() => this.write(text))
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

/** A client by WebSocket. */
export class TestClient extends TestPeer {
  readonly webSocket: WebSocket

  constructor(webSocket: WebSocket) {
    super()
    this.webSocket = webSocket
    webSocket.on("message", (data: Buffer) => this.received(data.toString()))
    webSocket.on("close", (code) => this.ended(code))
    webSocket.on("error", () => {})
  }

  write(text: string) {
    this.webSocket.send(text)
  }

  hangUp() {
    this.webSocket.close()
  }

  vanish() {
    this.webSocket.terminate()
  }

  pause() {
    this.webSocket.pause()
  }

  resume() {
    this.webSocket.resume()
  }
}

/** The client that holds the pipes of a server. */
class PipeClient extends TestPeer {
  readonly #pipes: TestServer["pipes"]

  constructor(pipes: TestServer["pipes"]) {
    super()
    this.#pipes = pipes
    const { stdout } = pipes
    let begun = ""
    const decoder = new StringDecoder()
    stdout.on("data", (bytes: Buffer) => {
      const [end, ...lines] = decoder.write(bytes).split("\n")
      begun += end!
      for (const line of lines) {
        this.received(begun)
        begun = line
      }
    })
    stdout.on("close", () => this.ended(1005))
  }

  write(text: string) {
    this.#pipes.stdin.write(`${text}\n`)
  }

  hangUp() {
    this.#pipes.stdin.end()
  }

  vanish() {
    this.#pipes.stdin.destroy()
    this.#pipes.stdout.destroy()
  }

  pause() {
    this.#pipes.stdout.pause()
  }

  resume() {
    this.#pipes.stdout.resume()
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

/** A client of a server, whatever it listens on. */
export const dial = (server: TestServer): Effect.Effect<TestPeer, HarnessError, Scope.Scope> =>
  server.url === "stdio://" ? Effect.sync(() => new PipeClient(server.pipes)) : connect(server.url)

/** A server and one client that has shaken hands. */
export const conversation = Effect.fnUntraced(function* (options: TestServerOptions = {}) {
  const server = yield* startServer(options)
  const client = yield* connect(server.url)
  yield* client.initialize()
  return { server, client }
})
