// Shows what a real browser makes of our server: which pages can connect to it, and which cannot. Run by hand, where
// Chromium is (Debian: apt-get install chromium), after `node scripts/build.mjs`. CHROMIUM names another program.
import { spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as http from "node:http"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

const CHROMIUM = process.env.CHROMIUM ?? "chromium"
/** More than a browser takes to start and to load a page. */
const REPORT_MS = 30_000
const TOKEN = "the token of this page"

const main = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), "dist/main.js")
const directory = fs.mkdtempSync(path.join(os.tmpdir(), "effect-app-server-"))
const tokenFile = path.join(directory, "token")
fs.writeFileSync(tokenFile, TOKEN, { mode: 0o600 })

const children = []
const start = (program, args, stdio) => {
  const env = { PATH: process.env.PATH, HOME: directory, CODEX_HOME: directory }
  const child = spawn(program, args, { env, stdio, detached: true })
  children.push(child)
  return child
}
process.on("exit", () => {
  for (const { pid } of children) {
    try {
      process.kill(-pid, "SIGKILL")
    } catch {
      // it has ended
    }
  }
  fs.rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
})

/** The URL of a server with these flags. */
const serve = async (...flags) => {
  const server = start(
    process.execPath,
    [main, "--listen", "ws://127.0.0.1:0", ...flags],
    ["ignore", "ignore", "pipe"]
  )
  let text = ""
  for await (const bytes of server.stderr) {
    text += bytes
    const found = /listening on: (\S+)/.exec(text)
    if (found !== null) return found[1]
  }
  throw new Error(`no server: ${text}`)
}

/** Runs in the page: what becomes of one attempt to connect. */
const attempt = ({ protocols, url }) =>
  new Promise((resolve) => {
    const webSocket = new WebSocket(url, protocols)
    const initialize = { id: 1, method: "initialize", params: { clientInfo: { name: "page", version: "1" } } }
    webSocket.addEventListener("open", () => webSocket.send(JSON.stringify(initialize)))
    webSocket.addEventListener("message", ({ data }) => {
      resolve(`connected, subprotocol "${webSocket.protocol}": ${data}`)
      webSocket.close()
    })
    webSocket.addEventListener("close", ({ code }) => resolve(`refused (${code})`))
  })

/** Runs in the page, and tells its server. */
const attemptAll = async (attempts, attempt) => {
  const report = []
  for (const each of attempts) report.push(await attempt(each))
  await fetch("/report", { method: "POST", body: JSON.stringify(report) })
}

/** Serves a page, and gives its port and what it reports. */
const servePage = async () => {
  let html = ""
  let reported
  const report = new Promise((resolve) => (reported = resolve))
  const server = http.createServer(async (request, response) => {
    if (request.method !== "POST") return response.setHeader("content-type", "text/html").end(html)
    let body = ""
    for await (const bytes of request) body += bytes
    response.end()
    reported(JSON.parse(body))
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    port: server.address().port,
    report,
    setAttempts: (attempts) => {
      html = `<!doctype html><script>(${attemptAll})(${JSON.stringify(attempts)}, ${attempt})</script>`
    }
  }
}

const bearer = (token) => ["effect-app-server", `bearer.${Buffer.from(token).toString("base64url")}`]

const pages = { allowed: await servePage(), other: await servePage() }
const originOf = (page) => `http://127.0.0.1:${page.port}`
const withTokens = await serve(
  "--ws-auth",
  "capability-token",
  "--ws-token-file",
  tokenFile,
  "--allow-origin",
  originOf(pages.allowed)
)
const withoutFlags = await serve()
const attempts = [
  { what: "with its token", url: withTokens, protocols: bearer(TOKEN) },
  { what: "with a wrong token", url: withTokens, protocols: bearer("wrong") },
  { what: "without a token", url: withTokens, protocols: ["effect-app-server"] },
  { what: "to a server without flags", url: withoutFlags, protocols: [] }
]

let failed = false
for (const [name, page] of Object.entries(pages)) {
  page.setAttempts(attempts)
  const browser = start(
    CHROMIUM,
    [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      `--user-data-dir=${path.join(directory, name)}`,
      originOf(page)
    ],
    "ignore"
  )
  const timeout = setTimeout(() => {
    console.error(`no report of the ${name} page within ${REPORT_MS} ms`)
    process.exit(1)
  }, REPORT_MS)
  const report = await Promise.race([
    page.report,
    once(browser, "error").then(([error]) => Promise.reject(error))
  ])
  clearTimeout(timeout)
  for (const [i, result] of report.entries()) {
    const expected =
      name === "allowed" && i === 0
        ? /^connected, subprotocol "effect-app-server": \{"id":1,"result":\{"userAgent":/
        : /^refused \(1006\)$/
    const isExpected = expected.test(result)
    if (!isExpected) failed = true
    console.log(`${isExpected ? "ok  " : "FAIL"} the ${name} page, ${attempts[i].what}: ${result}`)
  }
}
process.exit(failed ? 1 : 0)
