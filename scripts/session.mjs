/**
 * Draws `docs/session.svg`, a session in two terminals, from a real run: the server by `npm start`, and the first of
 * the examples. Prints the picture, or with `--write` puts it in its place. The home directory and the port of the run
 * are shown as a reader of the README has them.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const RUN_MS = 30_000
const PORT = "4500"
const START = ["npm", "start", "--", "--listen"]
const HOST = "ws://127.0.0.1"
const CLIENT = "examples/00-conversation.mjs"

/** In characters and pixels. */
const COLUMNS = 104
const CHARACTER = 7.83
const LINE = 19
const PADDING = 16
const TITLE = 30
const GAP = 14
const WIDTH = Math.ceil(COLUMNS * CHARACTER) + 2 * PADDING

// one that is readable wherever it is shown, for the page around it may be white or black
const COLORS = { frame: "#57606a", page: "#161b22", title: "#8b949e" }
const COLOR_OF = [
  [/^\$ /, "#7ee787"],
  [/^> \{/, "#79c0ff"],
  [/^< \{/, "#e6edf3"],
  [/^/, "#b1bac4"]
]

const directory = fs.mkdtempSync(path.join(os.tmpdir(), "effect-app-server-"))
const children = []
const start = (program, args) => {
  const env = { PATH: process.env.PATH, HOME: directory }
  const child = spawn(program, args, { cwd: root, env, detached: true, stdio: ["ignore", "pipe", "pipe"] })
  children.push(child)
  let text = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => (text += bytes))
  return { child, output: () => text }
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
const timeout = setTimeout(() => {
  console.error(`no session within ${RUN_MS} ms`)
  process.exit(1)
}, RUN_MS)

/** What both terminals show. */
const record = async () => {
  const server = start("npm", [...START.slice(1), `${HOST}:0`])
  let port
  while (port === undefined) {
    if (server.child.exitCode !== null) throw new Error(`no server: ${server.output()}`)
    await once(server.child.stderr, "data")
    port = /listening on: \S+:(\d+)\n[^]*note: .*\n/.exec(server.output())?.[1]
  }
  const client = start(process.execPath, [CLIENT, `${HOST}:${port}`])
  const [code] = await once(client.child, "close")
  if (code !== 0) throw new Error(`exit code ${code}: ${client.output()}`)

  const shown = (text) =>
    text
      .trim()
      .replaceAll(directory, "/home/me")
      .replaceAll(`:${port}`, `:${PORT}`)
      .replaceAll(`${HOST}:0`, `${HOST}:${PORT}`)
      .split("\n")
  return [
    { title: "the server", lines: [`$ ${START.join(" ")} ${HOST}:${PORT}`, ...shown(server.output())] },
    { title: "a client", lines: [`$ node ${CLIENT}`, ...shown(client.output())] }
  ]
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

/** As a terminal breaks a line that is too long for it. */
const rowsOf = (line) => line.match(new RegExp(`.{1,${COLUMNS}}`, "gu")) ?? [""]

const drawTerminal = ({ lines, title }, top) => {
  let y = top + TITLE + PADDING
  const texts = lines.map((line) => {
    const [, color] = COLOR_OF.find(([pattern]) => pattern.test(line))
    const rows = rowsOf(line).map((row) => {
      const span = `<tspan x="${PADDING}" y="${y}">${escaped(row)}</tspan>`
      y += LINE
      return span
    })
    return `  <text fill="${color}" xml:space="preserve">${rows.join("")}</text>`
  })
  const bottom = y - LINE + PADDING
  const dots = [0, 1, 2].map(
    (n) => `  <circle cx="${PADDING + 6 + n * 18}" cy="${top + TITLE / 2}" r="5" fill="${COLORS.frame}"/>`
  )
  const svg = [
    `  <rect x="0.5" y="${top + 0.5}" width="${WIDTH - 1}" height="${bottom - top - 1}" rx="8" fill="${COLORS.page}" stroke="${COLORS.frame}"/>`,
    ...dots,
    `  <text x="${WIDTH / 2}" y="${top + TITLE / 2 + 4}" fill="${COLORS.title}" text-anchor="middle">${title}</text>`,
    ...texts
  ]
  return { svg, bottom }
}

const draw = (terminals) => {
  let bottom = -GAP
  const drawn = terminals.flatMap((terminal) => {
    const next = drawTerminal(terminal, bottom + GAP)
    bottom = next.bottom
    return next.svg
  })
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom}" width="${WIDTH}" height="${bottom}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13">`,
    "  <title>A session: a server, and a client that runs a command in the sandbox</title>",
    ...drawn,
    "</svg>"
  ].join("\n")}\n`
}

const picture = draw(await record())
clearTimeout(timeout)
if (process.argv.includes("--write")) fs.writeFileSync(path.join(root, "docs/session.svg"), picture)
else process.stdout.write(picture)
process.exit(0)
