// Runs the built server for long and shows that it holds nothing of what it served: `node scripts/soak.mjs`, after
// `node scripts/build.mjs`. The server runs in a process of its own, so what is measured there is the server's
// alone; this one is its client. Linux only: it reads /proc. How much is served: LEAK_COMMANDS, LEAK_TERMINALS,
// LEAK_PROCESSES, LEAK_WATCHES and LEAK_CONNECTIONS.
import { fork } from "node:child_process"
import * as diagnostics from "node:diagnostics_channel"
import * as fs from "node:fs"
import * as http from "node:http"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { WebSocket } from "ws"

const COMMANDS = Number(process.env.LEAK_COMMANDS ?? 10_000)
const TERMINALS = Number(process.env.LEAK_TERMINALS ?? 1000)
const PROCESSES = Number(process.env.LEAK_PROCESSES ?? 2000)
const WATCHES = Number(process.env.LEAK_WATCHES ?? 2000)
const CONNECTIONS = Number(process.env.LEAK_CONNECTIONS ?? 1000)
/** What is loaded and reserved on first use is so after this. */
const WARM_UP = { commands: 200, terminals: 20, processes: 50, watches: 50, connections: 20 }
/** How many run at once. */
const IN_FLIGHT = { commands: 16, terminals: 8, processes: 16, watches: 32, connections: 16 }

const MAX_BYTES_PER_COMMAND = 1024
/** Below so many commands the slope is noise, and not judged: -2300 to 2500 bytes at 1000. */
const MEASURABLE_COMMANDS = 10_000
/** Over the second half of the commands; each costs a garbage collection. */
const SAMPLES = 200
/** The server has settled when nothing changed for so long: longer than a drain (2 s) and than our orphans live. */
const QUIET_MS = 2500
/** After so long it is measured as it is. */
const SETTLE_MS = 20_000
/** Every answer comes sooner. */
const ANSWER_MS = 60_000

/** A server that is closed and holds nothing ends its process sooner. */
const END_MS = 10_000

/** Marks the process that serves. */
const SERVE = "serve"
/** What must not be more at the end than after the warm-up. */
const JUDGED = ["fds", "inotify watches", "timers", "threads", "children", "zombies"]

// ---- The server's process

/** What it holds. Timers and resources are those that keep a process alive; an unreferenced timer is not seen. */
const countsOf = (server) => {
  const children = fs
    .readdirSync("/proc/self/task")
    .flatMap((thread) => read(`/proc/self/task/${thread}/children`).trim().split(" ").filter(Boolean))
  const { Timeout = 0, ...resources } = countBy(process.getActiveResourcesInfo())
  return {
    fds: fs.readdirSync("/proc/self/fd").length - 1, // the one that reads them
    "inotify watches": fs
      .readdirSync("/proc/self/fdinfo")
      .reduce((sum, fd) => sum + (read(`/proc/self/fdinfo/${fd}`).match(/^inotify /gm) ?? []).length, 0),
    timers: Timeout,
    threads: Number(/^Threads:\s+(\d+)/m.exec(read("/proc/self/status"))[1]),
    children: children.length,
    zombies: children.filter((pid) => /^.*\) Z/s.test(read(`/proc/${pid}/stat`))).length,
    "listeners on SIGCHLD": process.listenerCount("SIGCHLD"),
    "listeners on the process": listenersOf(process),
    "listeners on the HTTP server": listenersOf(server),
    ...Object.fromEntries(Object.entries(resources).map(([kind, count]) => [`active ${kind}`, count]))
  }
}

const listenersOf = (emitter) =>
  emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0)

const countBy = (names) => {
  const counts = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

const read = (file) => {
  try {
    return fs.readFileSync(file, "latin1")
  } catch {
    return "" // gone meanwhile
  }
}

/** Without what is garbage. */
const memory = () => {
  globalThis.gc?.()
  const { heapUsed, rss } = process.memoryUsage()
  return { rss, heapUsed }
}

/** Serves until the client is gone or says so, and answers its questions about this process. */
const serve = async (codexHome) => {
  const [{ AppServer, WebSocketTransport }, Context, Effect, Exit, Layer, Scope] = await Promise.all([
    import("../dist/lib/index.js"),
    import("effect/Context"),
    import("effect/Effect"),
    import("effect/Exit"),
    import("effect/Layer"),
    import("effect/Scope")
  ])
  const layer = AppServer.layer({
    listen: { host: "127.0.0.1", port: 0 },
    codexHome,
    overrides: { sandbox_mode: "danger-full-access" }
  })
  const scope = await Effect.runPromise(Scope.make())
  const { port } = Context.get(
    await Effect.runPromise(Layer.buildWithScope(layer, scope)),
    WebSocketTransport
  )

  // the library does not give its HTTP server away; Node names it with each request
  const server = await new Promise((resolve) => {
    const channel = "http.server.request.start"
    const onStart = (message) => {
      diagnostics.unsubscribe(channel, onStart)
      resolve(message.server)
    }
    diagnostics.subscribe(channel, onStart)
    http.get({ host: "127.0.0.1", port, path: "/healthz", agent: false }, (answer) => answer.resume())
  })

  const answers = { counts: () => countsOf(server), memory }
  process.on("message", ({ id, question }) => process.send({ id, answer: answers[question]() }))
  // the last question is the end of the channel
  process.once("disconnect", () => Effect.runFork(Scope.close(scope, Exit.void)))
  process.send({ port })
}

// ---- Its client

const check = (holds, what) => {
  if (!holds) throw new Error(`not as expected: ${JSON.stringify(what)}`)
}

const within = (milliseconds, what, promise) => {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${milliseconds} ms`)), milliseconds)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Starts the server's process. */
const startServer = async (codexHome) => {
  const child = fork(fileURLToPath(import.meta.url), [SERVE, codexHome], {
    execArgv: [...process.execArgv, "--expose-gc"]
  })
  const waiting = new Map()
  const exited = new Promise((resolve) =>
    child.once("exit", (code, signal) => resolve(`the server's process ended with ${signal ?? code}`))
  )
  const failed = exited.then((how) => Promise.reject(new Error(how)))
  failed.catch(() => {}) // whoever waits is told
  const port = new Promise((resolve) => {
    child.on("message", ({ answer, id, port }) => {
      if (port !== undefined) return resolve(port)
      waiting.get(id)(answer)
      waiting.delete(id)
    })
  })
  let questions = 0
  return {
    child,
    exited,
    failed,
    url: `ws://127.0.0.1:${await Promise.race([within(ANSWER_MS, "the server's start", port), failed])}`,
    ask: (question) => {
      const id = ++questions
      const answer = new Promise((resolve) => {
        waiting.set(id, resolve)
        child.send({ id, question })
      })
      return within(ANSWER_MS, question, Promise.race([answer, failed]))
    }
  }
}

class Client {
  #webSocket
  #answers = new Map()
  /** What was streamed, by process id. */
  #streamed = new Map()
  /** Who waits for the end of a process, or a change, by its handle or the watch's name. */
  #told = new Map()
  #closed
  #requests = 0

  static async connect(url) {
    const client = new Client(new WebSocket(url, { perMessageDeflate: false }))
    await within(ANSWER_MS, "a connection", client.#open())
    const clientInfo = { name: "soak", title: null, version: "1" }
    const answer = await client.request("initialize", { clientInfo, capabilities: { experimentalApi: true } })
    check(answer.result !== undefined, answer)
    return client
  }

  constructor(webSocket) {
    this.#webSocket = webSocket
    this.#closed = new Promise((resolve) => webSocket.once("close", resolve))
    webSocket.on("error", () => {}) // "close" follows
    webSocket.on("message", (data) => {
      const message = JSON.parse(data.toString())
      const { id, method, params } = message
      if (method === undefined) return this.#answers.get(id)?.(message)
      const name = params.processId ?? params.processHandle ?? params.watchId
      if (method.endsWith("/outputDelta")) this.#streamed.get(name)?.push(params.deltaBase64)
      else this.#told.get(name)?.(params)
    })
  }

  #open() {
    return new Promise((resolve, reject) => {
      this.#webSocket.once("open", resolve)
      this.#webSocket.once("error", reject)
    })
  }

  request(method, params) {
    const id = ++this.#requests
    const answer = new Promise((resolve) => {
      this.#answers.set(id, resolve)
      this.#webSocket.send(JSON.stringify({ id, method, params }))
    })
    const closed = this.#closed.then((code) => Promise.reject(new Error(`${method}: closed with ${code}`)))
    const what = `the answer to ${method} ${JSON.stringify(params)}`
    return within(ANSWER_MS, what, Promise.race([answer, closed])).finally(() => this.#answers.delete(id))
  }

  /** Runs a command; `meanwhile` has its process id. Gives the answer and what was streamed. */
  async exec(params, meanwhile = () => {}) {
    const processId = `p${this.#requests}`
    const streamed = []
    this.#streamed.set(processId, streamed)
    const answer = this.request("command/exec", { processId, ...params })
    const [message] = await Promise.all([answer, meanwhile(processId, streamed)])
    this.#streamed.delete(processId)
    return { ...message, streamed: streamed.map((text) => Buffer.from(text, "base64").toString()).join("") }
  }

  /** Starts a process; `meanwhile` has its handle. Gives its end and what was streamed. */
  async spawn(params, meanwhile = () => {}) {
    const processHandle = `h${this.#requests}`
    const streamed = []
    this.#streamed.set(processHandle, streamed)
    const exited = this.told(processHandle)
    const { error } = await this.request("process/spawn", { processHandle, cwd: "/", ...params })
    check(error === undefined, { params, error })
    const [end] = await Promise.all([exited, meanwhile(processHandle, streamed)])
    this.#streamed.delete(processHandle)
    return { ...end, streamed: streamed.map((text) => Buffer.from(text, "base64").toString()).join("") }
  }

  /** The next end of a process, or change, of this name. */
  told(name) {
    const told = new Promise((resolve) => this.#told.set(name, resolve))
    return within(ANSWER_MS, `what is told of ${name}`, told).finally(() => this.#told.delete(name))
  }

  close() {
    this.#webSocket.close()
    return within(ANSWER_MS, "a close", this.#closed)
  }

  terminate() {
    this.#webSocket.terminate()
  }
}

const exits = async (client, exitCode, params, output, meanwhile) => {
  const answer = await client.exec(params, meanwhile)
  check(answer.result?.exitCode === exitCode, { params, exitCode, answer })
  if (output === undefined) return
  check((answer.result.stdout + answer.streamed).includes(output), { params, output, answer })
}

const refuses = async (client, params) => {
  const answer = await client.exec(params)
  check(answer.error?.code === -32603, { params, answer })
}

const sh = (script) => ({ command: ["sh", "-c", script] })
/** Forks twice and leaves the group, so that it outlives its command and dies as an orphan that the server adopted. */
const ORPHAN = sh("(setsid sleep 0.3 </dev/null >/dev/null 2>&1 &)")
const TIMEOUT = { command: ["sleep", "60"], timeoutMs: 50 }
/** Of so many one runs into its timeout. */
const TIMEOUT_EVERY = 50

/** Writes a line into the command and ends its input. */
const type = (client) => (processId) =>
  client.request("command/exec/write", { processId, deltaBase64: "dHlwZWQK", closeStdin: true })

const resizeAndTerminate = (client) => async (processId) => {
  await client.request("command/exec/resize", { processId, size: { rows: 50, cols: 100 } })
  await client.request("command/exec/terminate", { processId })
}

const COMMAND_KINDS = [
  (client) => exits(client, 0, { command: ["echo", "buffered"] }, "buffered\n"),
  (client) =>
    exits(client, 3, { ...sh("echo out; echo err >&2; exit 3"), streamStdoutStderr: true }, "out\n"),
  (client) => exits(client, 0, { command: ["cat"], streamStdin: true }, "typed\n", type(client)),
  (client) => refuses(client, { command: ["/nonexistent"] }),
  (client) => exits(client, 0, ORPHAN),
  (client) => exits(client, 143, sh("head -c 100000 /dev/zero | tr '\\0' x; kill -TERM $$"), "xxx")
]

const TERMINAL_KINDS = [
  (client) => exits(client, 5, { ...sh("echo shown; exit 5"), tty: true }, "shown\r\n"),
  (client) => exits(client, 0, { command: ["cat"], tty: true }, "typed\r\n", type(client)),
  (client) => refuses(client, { command: ["/nonexistent"], tty: true }),
  (client) => exits(client, 0, { ...ORPHAN, tty: true }),
  (client) => exits(client, 1, { command: ["cat"], tty: true }, undefined, resizeAndTerminate(client))
]

const ends = async (client, exitCode, params, output, meanwhile) => {
  const end = await client.spawn(params, meanwhile)
  check(end.exitCode === exitCode, { params, exitCode, end })
  if (output !== undefined) check((end.stdout + end.streamed).includes(output), { params, output, end })
}

const typeInto = (client) => (processHandle) =>
  client.request("process/writeStdin", { processHandle, deltaBase64: "dHlwZWQK", closeStdin: true })

const kill = (client) => (processHandle) => client.request("process/kill", { processHandle })

const PROCESS_KINDS = [
  (client) => ends(client, 0, { command: ["echo", "buffered"] }, "buffered\n"),
  (client) => ends(client, 3, { ...sh("echo out; exit 3"), streamStdoutStderr: true }, "out\n"),
  (client) => ends(client, 0, { command: ["cat"], streamStdin: true }, "typed\n", typeInto(client)),
  (client) => ends(client, 0, { command: ["cat"], tty: true }, "typed\r\n", typeInto(client)),
  (client) => ends(client, 0, ORPHAN),
  (client) => ends(client, 137, sh("sleep 60 & setsid sleep 60"), undefined, kill(client)),
  (client) => ends(client, 124, TIMEOUT)
]

/** A directory under watch, what is done in it, and its end; without `unwatch` the connection ends the watch. */
const watched = async (client, directory, unwatch) => {
  const ask = async (method, params) => {
    const answer = await client.request(method, params)
    check(answer.result !== undefined, { method, params, answer })
    return answer.result
  }
  const file = path.join(directory, "file")
  const change = client.told(directory)
  await ask("fs/watch", { watchId: directory, path: directory })
  await ask("fs/watch", { watchId: file, path: file })
  await ask("fs/createDirectory", { path: directory })
  await ask("fs/writeFile", { path: file, dataBase64: "eA==" })
  await ask("fs/copy", { sourcePath: file, destinationPath: path.join(directory, "copy") })
  check((await ask("fs/readFile", { path: file })).dataBase64 === "eA==", file)
  check((await ask("fs/readDirectory", { path: directory })).entries.length === 2, directory)
  check((await change).changedPaths.length > 0, directory)
  await ask("fs/remove", { path: directory })
  if (!unwatch) return
  await ask("fs/unwatch", { watchId: directory })
  await ask("fs/unwatch", { watchId: file })
}

/** So many, a few at once. `each` is told how many are done. */
const repeat = async (total, inFlight, run, each = () => {}) => {
  let next = 0
  let done = 0
  const worker = async () => {
    while (next < total) {
      await run(next++)
      each(++done)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
}

const runKinds = async (url, kinds, timeout, total, inFlight, each) => {
  const client = await Client.connect(url)
  const run = (n) =>
    n % TIMEOUT_EVERY === TIMEOUT_EVERY - 1 ? exits(client, 124, timeout) : kinds[n % kinds.length](client)
  await repeat(total, inFlight, run, each)
  await client.close()
}

const commands = (url, total, each) => runKinds(url, COMMAND_KINDS, TIMEOUT, total, IN_FLIGHT.commands, each)

const terminals = (url, total) =>
  runKinds(url, TERMINAL_KINDS, { ...TIMEOUT, tty: true }, total, IN_FLIGHT.terminals)

const processes = async (url, total) => {
  const client = await Client.connect(url)
  await repeat(total, IN_FLIGHT.processes, (n) => PROCESS_KINDS[n % PROCESS_KINDS.length](client))
  await client.close()
}

/** Half of them end with their connection. */
const watches = async (url, total) => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "soak-watches-"))
  // each connection may have 1024
  for (let first = 0; first < total; first += 500) {
    const client = await Client.connect(url)
    await repeat(Math.min(500, total - first), IN_FLIGHT.watches, (n) =>
      watched(client, path.join(root, String(first + n)), n % 2 === 0)
    )
    await client.close()
  }
  fs.rmSync(root, { recursive: true })
}

const untilStreamed = async (streamed) => {
  while (streamed.length === 0) await sleep(5)
}

/** Half of them go with a close frame when their command is over, half without a word while it runs. */
const connections = (url, total) =>
  repeat(total, IN_FLIGHT.connections, async (n) => {
    const client = await Client.connect(url)
    if (n % 2 === 0) {
      await exits(client, 0, { command: ["echo", "once"] }, "once\n")
      return client.close()
    }
    const io = n % 4 === 1 ? { tty: true } : { streamStdoutStderr: true }
    const params = { ...sh("(setsid sleep 60 &); echo; sleep 60"), ...io, disableTimeout: true }
    const cut = client.exec(params, async (_, streamed) => {
      await within(ANSWER_MS, "output", untilStreamed(streamed))
      client.terminate()
    })
    const how = await cut.then(
      () => "answered",
      (error) => error.message
    )
    check(how.includes("closed with"), { params, how })
  })

// ---- Measuring

/** Waits until the server holds the same for a while, and no more than before. Gives what it holds. */
const settled = async (server, before) => {
  const end = Date.now() + SETTLE_MS
  let last = ""
  let since = Date.now()
  for (;;) {
    const counts = await server.ask("counts")
    const now = JSON.stringify(counts)
    if (now !== last) since = Date.now()
    last = now
    const isMore = before !== undefined && JUDGED.some((measure) => counts[measure] > before[measure])
    if (Date.now() > end || (!isMore && Date.now() - since > QUIET_MS)) {
      return { ...counts, ...(await server.ask("memory")) }
    }
    await sleep(100)
  }
}

const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length

/** The slope of the line that fits best: least squares. */
const slopeOf = (points) => {
  const x = mean(points.map((point) => point[0]))
  const y = mean(points.map((point) => point[1]))
  const covariance = mean(points.map((point) => (point[0] - x) * (point[1] - y)))
  return covariance / mean(points.map((point) => (point[0] - x) ** 2))
}

const cell = (measure, value) =>
  measure === "rss" || measure === "heapUsed" ? `${(value / 2 ** 20).toFixed(1)} MiB` : String(value ?? 0)

const table = (columns) => {
  const rows = [["", ...columns.map(({ name }) => name)]]
  for (const measure of new Set(columns.flatMap(({ values }) => Object.keys(values)))) {
    rows.push([measure, ...columns.map(({ values }) => cell(measure, values[measure]))])
  }
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)))
  return rows
    .map((row) =>
      row.map((text, i) => (i === 0 ? text.padEnd(widths[i]) : text.padStart(widths[i]))).join("  ")
    )
    .join("\n")
}

const drive = async (server) => {
  const { url } = server
  await commands(url, WARM_UP.commands)
  await terminals(url, WARM_UP.terminals)
  await processes(url, WARM_UP.processes)
  await watches(url, WARM_UP.watches)
  await connections(url, WARM_UP.connections)
  const start = await settled(server)
  const columns = [{ name: "start", values: start }]

  const phase = async (name, total, run) => {
    const began = performance.now()
    await run()
    const seconds = (performance.now() - began) / 1000
    console.error(`${total} ${name} in ${seconds.toFixed(1)} s, ${(total / seconds).toFixed(1)}/s`)
    columns.push({ name: `after ${name}`, values: await settled(server, start) })
    return total / seconds
  }

  const samples = []
  const step = Math.max(1, Math.round(COMMANDS / 2 / SAMPLES))
  const sample = (done) => {
    if (done <= COMMANDS / 2 || done % step !== 0) return
    const taken = server.ask("memory").then(({ heapUsed, rss }) => ({ done, heapUsed, rss }))
    taken.catch(() => {}) // awaited later
    samples.push(taken)
  }
  const speed = await phase("commands", COMMANDS, () => commands(url, COMMANDS, sample))
  await phase("terminals", TERMINALS, () => terminals(url, TERMINALS))
  await phase("processes", PROCESSES, () => processes(url, PROCESSES))
  await phase("watches", WATCHES, () => watches(url, WATCHES))
  await phase("connections", CONNECTIONS, () => connections(url, CONNECTIONS))

  const points = await Promise.all(samples)
  const slope = slopeOf(points.map(({ done, rss }) => [done, rss]))
  const heapSlope = slopeOf(points.map(({ done, heapUsed }) => [done, heapUsed]))
  console.log(`Node ${process.version}, ${os.cpus().length} processors
${table(columns)}

${speed.toFixed(1)} commands/s
RSS slope ${slope.toFixed(0)} B per command (heap ${heapSlope.toFixed(0)}), ${points.length} samples in the second half${
    COMMANDS < MEASURABLE_COMMANDS ? `; noise below ${MEASURABLE_COMMANDS} commands, not judged` : ""
  }`)

  const end = columns.at(-1).values
  const problems = JUDGED.filter((measure) => end[measure] > start[measure]).map(
    (measure) => `${measure}: ${end[measure]} at the end, ${start[measure]} after the warm-up`
  )
  if (COMMANDS >= MEASURABLE_COMMANDS && !(slope <= MAX_BYTES_PER_COMMAND)) {
    problems.push(`RSS slope: ${slope.toFixed(0)} B per command, ${MAX_BYTES_PER_COMMAND} allowed`)
  }
  return problems
}

const main = async () => {
  const codexHome = fs.mkdtempSync(path.join(os.tmpdir(), "soak-"))
  let server
  process.once("exit", () => {
    server?.child.kill("SIGKILL")
    fs.rmSync(codexHome, { recursive: true, force: true })
  })
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1))
  server = await startServer(codexHome)
  const problems = await Promise.race([drive(server), server.failed])
  // nothing may keep its process alive now
  server.child.disconnect()
  await within(END_MS, "the end of the server's process", server.exited).catch((error) =>
    problems.push(error.message)
  )
  for (const problem of problems) console.error(`LEAK: ${problem}`)
  if (problems.length === 0) console.log("nothing leaked")
  process.exit(problems.length === 0 ? 0 : 1)
}

if (process.argv[2] === SERVE) await serve(process.argv[3])
else await main()
