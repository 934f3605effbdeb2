// @ts-check
/** Servers that are measured: each in a process group and with a CODEX_HOME of its own. None outlives this process. */
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as http from "node:http"
import * as net from "node:net"
import * as path from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { processesOf } from "./proc.mjs"

/** @import { AddressInfo } from "node:net" */
/** @import { Contender, Server } from "./types.ts" */

const READY_MS = 20_000
const POLL_MS = 2
/** A server that was asked to end and has not by then is killed. */
const END_MS = 2000

const CONFIG = 'sandbox_mode = "danger-full-access"\napproval_policy = "never"\n'

const cache = fileURLToPath(new URL("../.cache/", import.meta.url))
/** Not in the temporary directory, below which Codex refuses to make sandboxes. @type {string | undefined} */
let homes

/** @type {Set<number>} */
const running = new Set()

/** @param {number} pid */
const kill = (pid) => {
  for (const each of processesOf(pid).keys()) {
    try {
      process.kill(each, "SIGKILL")
    } catch {
      // has ended itself
    }
  }
  running.delete(pid)
}

process.once("exit", () => {
  for (const pid of running) kill(pid)
  if (homes !== undefined) fs.rmSync(homes, { recursive: true, force: true })
})
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
  process.once(signal, () => process.exit(1))
}

const newHome = () => {
  if (homes === undefined) {
    fs.mkdirSync(cache, { recursive: true })
    homes = fs.mkdtempSync(path.join(cache, "bench-"))
  }
  const home = fs.mkdtempSync(path.join(homes, "home-"))
  fs.mkdirSync(path.join(home, "tmp"))
  fs.writeFileSync(path.join(home, "config.toml"), CONFIG)
  return home
}

/** @returns {Promise<number>} */
const freePort = () =>
  new Promise((resolve, reject) => {
    const server = net.createServer().on("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const { port } = /** @type {AddressInfo} */ (server.address())
      server.close(() => resolve(port))
    })
  })

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
const isReady = (port) =>
  new Promise((resolve) => {
    const request = http.get({ host: "127.0.0.1", port, path: "/readyz", agent: false }, (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200)
    })
    request.on("error", () => resolve(false))
  })

/**
 * Starts a server and waits until it is ready.
 *
 * @param {Contender} contender
 * @returns {Promise<Server>}
 */
export const start = async ({ name, command }) => {
  const home = newHome()
  const port = await freePort()
  const url = `ws://127.0.0.1:${port}`
  const [program, ...args] = command(url)
  const log = path.join(home, "log")
  const stderr = fs.openSync(log, "w")
  const began = performance.now()
  const child = spawn(program, args, {
    cwd: home,
    detached: true,
    stdio: ["ignore", "ignore", stderr],
    env: {
      PATH: process.env.PATH,
      HOME: home,
      CODEX_HOME: home,
      TMPDIR: path.join(home, "tmp"),
      RUST_LOG: "error"
    }
  })
  fs.closeSync(stderr)
  /** @type {string | undefined} */
  let ended
  /** @type {Promise<void>} */
  const exited = new Promise((resolve) => {
    child.once("error", (error) => resolve(void (ended = error.message)))
    child.once("exit", (code, signal) => resolve(void (ended = `it ended with ${signal ?? code}`)))
  })
  const { pid } = child
  if (pid === undefined) {
    await exited
    throw new Error(`${name} did not start: ${ended}`)
  }
  running.add(pid)
  const end = async () => {
    child.kill("SIGTERM")
    await Promise.race([exited, sleep(END_MS, undefined, { ref: false })])
    kill(pid)
    await exited
    fs.rmSync(home, { recursive: true, force: true })
  }
  while (!(await isReady(port))) {
    const late = performance.now() - began > READY_MS ? `it was not ready after ${READY_MS} ms` : undefined
    const problem = ended ?? late
    if (problem !== undefined) {
      const last = fs.readFileSync(log, "utf8").trim().slice(-500)
      await end()
      throw new Error(`${name} did not start: ${problem}${last === "" ? "" : `: ${last}`}`)
    }
    await sleep(POLL_MS)
  }
  return { name, url, pid, readyMs: performance.now() - began, end }
}
