// Builds dist/main.js, the program in one file, and dist/lib, the library with its types. Skips what is fresh.
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
process.chdir(root)

const inputs = ["package-lock.json", "tsconfig.json", "tsconfig.build.json", "scripts/build.mjs", "src"]
const outputs = ["dist/main.js", "dist/lib/index.js"]

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
await esbuild.build({
  entryPoints: ["src/main.ts"],
  outfile: "dist/main.js",
  bundle: true,
  minify: true,
  platform: "node",
  target: "node20",
  format: "esm",
  // has a native half, which is found beside it
  external: ["node-pty"],
  legalComments: "external",
  logLevel: "warning",
  banner: {
    js: 'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);'
  }
})
fs.chmodSync("dist/main.js", 0o755)

const { status } = spawnSync("node_modules/.bin/tsc", ["-p", "tsconfig.build.json"], { stdio: "inherit" })
process.exit(status ?? 1)
