// Builds the program and dist/lib, the library with its types. Skips what is fresh.
// The program is dist/program.js, one file; dist/program-*.cache, what V8 makes of it; dist/main.js, which starts it.
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { lateBuiltins } from "./late-builtins.mjs"

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
process.chdir(root)

const PROGRAM = "dist/program.js"
const CODE_CACHE = `dist/program-${process.version}-${process.arch}.cache`

const inputs = ["package-lock.json", "tsconfig.json", "tsconfig.build.json", "scripts", "src"]
const outputs = ["dist/main.js", CODE_CACHE, "dist/lib/index.js"]

const newest = (file) => {
  const stat = fs.statSync(file)
  return stat.isDirectory()
    ? Math.max(stat.mtimeMs, ...fs.readdirSync(file).map((name) => newest(path.join(file, name))))
    : stat.mtimeMs
}
const oldest = (files) =>
  Math.min(...files.map((file) => (fs.existsSync(file) ? fs.statSync(file).mtimeMs : 0)))

if (Math.max(...inputs.map(newest)) < oldest(outputs)) process.exit(0)

fs.rmSync("dist", { recursive: true, force: true })

const esbuild = await import("esbuild")
const bundle = await esbuild.build({
  entryPoints: ["src/main.ts"],
  outfile: PROGRAM,
  write: false,
  bundle: true,
  metafile: true,
  minify: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  plugins: [lateBuiltins],
  logOverride: { "import-is-undefined": "error" },
  // has a native half, which is found beside it
  external: ["node-pty"],
  define: {
    "import.meta.url": "moduleUrl",
    // that of ws is of use to clients alone, and looking for it takes its time
    "process.env.WS_NO_BUFFER_UTIL": "true"
  },
  charset: "ascii",
  legalComments: "external",
  logLevel: "warning",
  banner: { js: "(function(require,moduleUrl){" },
  footer: { js: "})" }
})

/**
 * `import * as fs from "node:fs"` without the copy of the namespace that a bundler makes for each module that says so,
 * because it may be no ES module. What it is then lacks is a default.
 */
const withoutCopies = (text) => text.replace(/\b[\w$]+\(require\("(node:[^"]+)"\)(?:,1)?\)/g, 'require("$1")')
for (const input of Object.keys(bundle.metafile.inputs)) {
  if (!fs.existsSync(input) || !/^import (?!type )[\w$]+[ ,].*"node:/m.test(fs.readFileSync(input, "utf8")))
    continue
  throw new Error(`${input} imports a default from Node: import the namespace`)
}
fs.mkdirSync("dist", { recursive: true })
for (const { path, text } of bundle.outputFiles) {
  fs.writeFileSync(path, path.endsWith(".js") ? withoutCopies(text) : text)
}

fs.copyFileSync("scripts/loader.cjs", "dist/main.js")
fs.chmodSync("dist/main.js", 0o755)
fs.writeFileSync("dist/package.json", '{ "type": "commonjs" }\n')

const home = fs.mkdtempSync(path.join(os.tmpdir(), "effect-app-server-"))
try {
  fs.writeFileSync(path.join(home, "config.toml"), 'sandbox_mode = "danger-full-access"\n')
  const { status } = spawnSync(
    process.execPath,
    [
      "--require",
      path.resolve("scripts/code-cache.cjs"),
      path.resolve("dist/main.js"),
      "--listen",
      "ws://127.0.0.1:0"
    ],
    {
      cwd: home,
      env: { PATH: process.env.PATH, HOME: home, CODEX_HOME: home, CODE_CACHE: path.resolve(CODE_CACHE) },
      stdio: ["ignore", "inherit", "inherit"],
      timeout: 60_000
    }
  )
  if (status !== 0) throw new Error("the program did not start, so there is no code cache")
} finally {
  fs.rmSync(home, { recursive: true })
}

const { status } = spawnSync("node_modules/.bin/tsc", ["-p", "tsconfig.build.json"], { stdio: "inherit" })
fs.writeFileSync("dist/lib/package.json", '{ "type": "module", "sideEffects": false }\n')
process.exit(status ?? 1)
